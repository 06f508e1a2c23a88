"""Log lines for people: which are shown, and that each is one line."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.console import Console
from deploy.local.logs import KEPT, LogFile, turn
from shared.observe import reading

AT = "2026-11-25T10:00:00.000000Z"


def line(**fields: object) -> str:
    """A line as a service writes it."""
    told = {"service": "rewards", "level": "warning", "timestamp": AT, "event": "job failed"}
    return json.dumps(told | fields)


def test_an_entry_is_told_with_its_main_fields() -> None:
    """Level, service, event, then the fields; what only programs need stays out."""
    entry = reading.read(line(job="retry", correlation_id="0af7", error="Away()"), "x")
    assert "warning  rewards       job failed  job=retry error=Away()" == str(entry)
    assert datetime(2026, 11, 25, 10, tzinfo=UTC) == entry.at


def test_a_traceback_is_its_last_line() -> None:
    """Many lines in one field become the one that says what happened."""
    entry = reading.read(
        line(exception="Traceback (most recent call last):\n  x\nKeyError: 1"), "x"
    )
    assert "exception=KeyError: 1" == entry.fields
    told = reading.read(line(exception="a\nb", error="Away()"), "x")
    assert "error=Away()" == told.fields


@pytest.mark.parametrize(
    ("printed", "level"),
    [
        ("scoring: MASHANG_HTTP_PORT: input should be a valid integer", "error"),
        ("ValueError: no", "error"),
        ("sandbox ready on http://127.0.0.1:8090 (book in x)", "info"),
        ("Traceback (most recent call last):", "info"),
        ('  File "x.py", line 1, in <module>', "info"),
        ("", "info"),
        ("[1]", "info"),
        ('{"event": "no time"}', "info"),
    ],
)
def test_what_was_printed_past_the_logger(printed: str, level: str) -> None:
    """A process's last words count as an error, the rest of its chatter does not."""
    entry = reading.read(printed, "scoring")
    assert (level, "scoring", None) == (entry.level, entry.service, entry.at)


HOSTILE = "a\x1b[2Jb\x00c\x9bd\u202ee\u2066f\x7fg\u2028h"


def test_nothing_in_a_log_commands_the_terminal() -> None:
    """Colours, cursor moves and turned text are shown as what they are, in every field."""
    entry = reading.read(line(error=HOSTILE, event=HOSTILE, service=HOSTILE, state=HOSTILE), "x")
    printed = reading.read(HOSTILE, "x")
    assert str(entry).isprintable()
    assert str(printed).isprintable()


def test_a_raw_line_is_harmless_and_the_same_json() -> None:
    """What a program reads of it is what was written."""
    written = json.dumps({"error": HOSTILE, "n": [1, "二\n"]}, ensure_ascii=False)
    shown = reading.shown(written)
    assert shown.isprintable()
    assert json.loads(written) == json.loads(shown)
    assert "first\n\tsecond \\u001b[31m" == reading.shown("first\n\tsecond \x1b[31m")


@given(st.text())
def test_no_text_commands_the_terminal(typed: str) -> None:
    """Whatever was typed: printable, or a line break or tab."""
    assert reading.shown(typed).replace("\n", "").replace("\t", "").isprintable()
    assert reading.one_line(typed).isprintable()


def test_an_unknown_level_is_no_failure() -> None:
    """A foreign line is shown as information."""
    assert "info" == reading.read(line(level="loud"), "x").level


def test_one_line_stays_one_line() -> None:
    """Line ends, controls and endless texts do not break the screen."""
    assert "a b ·[31m" == reading.one_line("a\n b \x1b[31m")
    assert 301 == len(reading.one_line("x" * 5000))


def test_the_screen_shows_warnings_once_everything_is_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While starting, services wait for their servers and say so; that is no news."""
    monkeypatch.setenv("COLUMNS", "60")
    console = Console()
    watch = console.watcher("rewards")
    watch(line(event="waited"))
    watch(line(level="error", event="broke"))
    console.everything_is_up()
    watch(line(event="slow", reason="x" * 200))
    watch(line(level="info", event="paid"))
    shown = capsys.readouterr().out.splitlines()
    assert ["broke", "slow"] == [text.split()[2] for text in shown]
    assert (60, True) == (len(shown[1]), shown[1].endswith("…"))


def test_a_quiet_console_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even what went wrong: the files have it."""
    console = Console(quiet=True)
    console.step("starting")
    console.speaker("rewards")("was killed")
    assert "" == capsys.readouterr().out


def test_a_log_file_turns_and_keeps_a_few(tmp_path: Path) -> None:
    """It never grows beyond its limit, the oldest lines go, and only the owner reads it."""
    log = LogFile(tmp_path / "x.log", most=100)
    for number in range(40):
        log(f"{number:019}")
    log.close()
    files = sorted(tmp_path.iterdir())
    assert 1 + KEPT == len(files)
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}
    assert max(file.stat().st_size for file in files) <= 100
    assert f"{39:019}\n" in (tmp_path / "x.log").read_text()


def test_a_log_file_goes_on_where_it_was(tmp_path: Path) -> None:
    """A second start appends, and closes what was open to others."""
    path = tmp_path / "x.log"
    path.write_text("before\n")
    path.chmod(0o644)
    log = LogFile(path)
    log("码上评")
    log.close()
    assert "before\n码上评\n" == path.read_text("utf-8")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_full_file_makes_room_before_it_is_opened(tmp_path: Path) -> None:
    """Programs that write their file themselves get a new one at their next start."""
    path = tmp_path / "x.log"
    turn(path)
    path.write_text("x" * 100)
    turn(path, most=100)
    assert (False, 100) == (path.exists(), (tmp_path / "x.log.1").stat().st_size)
