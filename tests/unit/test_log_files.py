"""Log files from both ends: what the launcher writes and turns, and what `mashang logs` reads."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.cli import log_files, logs
from deploy.cli.log_files import LONG_AGO, Line
from deploy.local.logs import KEPT, LogFile, shift
from shared.errors import Misconfigured

BEGAN = datetime(2026, 11, 25, 10, tzinfo=UTC)
LINES = st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=60), max_size=60)


def entry(second: float, event: str, level: str = "info") -> str:
    """A line as a service writes it."""
    at = (BEGAN + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    return json.dumps({"timestamp": at, "level": level, "event": event}, ensure_ascii=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where logs are, followed without a pause."""
    monkeypatch.setattr(log_files, "PAUSE", 0)
    return tmp_path


def write(folder: Path, name: str, *lines: str) -> None:
    """Add lines to a file."""
    with (folder / name).open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def turned(folder: Path) -> list[Path]:
    """A log's files, the oldest first."""
    return [*sorted(folder.glob("x.log.?"), reverse=True), folder / "x.log"]


@given(lines=LINES, most=st.integers(1, 200), restart=st.integers(0, 60))
@settings(derandomize=True, deadline=None)
def test_what_is_kept_is_the_end_of_what_was_written(
    lines: list[str], most: int, restart: int
) -> None:
    """Whatever the lengths, the limit and a restart between: no line is cut, lost or out of place,
    and no file is longer than its limit unless one line alone is."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        log = LogFile(folder / "x.log", most)
        for number, line in enumerate(lines):
            if number == restart:
                log.close()
            log(line)
        log.close()
        files = [path.read_bytes() for path in turned(folder) if path.exists()]
    kept = [line for raw in files for line in raw.decode("utf-8").split("\n")[:-1]]
    assert lines[len(lines) - len(kept) :] == kept
    assert len(files) <= 1 + KEPT
    assert [] == [raw for raw in files if len(raw) > most and raw.count(b"\n") > 1]
    assert len(kept) == len(lines) or len(files) == 1 + KEPT


def test_what_cannot_be_encoded_is_written_all_the_same(tmp_path: Path) -> None:
    """Half a surrogate in a foreign program's output ends no log."""
    log = LogFile(tmp_path / "x.log")
    log("a\udc80b")
    log.close()
    assert b"a?b\n" == (tmp_path / "x.log").read_bytes()


def test_the_oldest_goes_and_the_others_keep_their_order(tmp_path: Path) -> None:
    """`.1` is the newest of the turned ones, also when some are missing."""
    for name in ("x.log", "x.log.1", "x.log.3"):
        (tmp_path / name).write_text(name)
    shift(tmp_path / "x.log")
    assert {"x.log.1": "x.log", "x.log.2": "x.log.1", "x.log.3": "x.log.3"} == {
        path.name: path.read_text() for path in tmp_path.iterdir()
    }
    (tmp_path / "x.log").write_text("new")
    shift(tmp_path / "x.log")
    assert {"x.log.1": "new", "x.log.2": "x.log", "x.log.3": "x.log.1"} == {
        path.name: path.read_text() for path in tmp_path.iterdir()
    }


def events(lines: Iterator[Line] | list[Line]) -> list[str]:
    """What they tell."""
    return [line.entry.event for line in lines]


def test_services_are_merged_by_time(folder: Path) -> None:
    """Whatever file a line stands in, and whichever of a file's turns."""
    write(folder, "a.log.2", entry(1, "one"))
    write(folder, "a.log.1", entry(3, "three"))
    write(folder, "a.log", entry(5, "five"))
    write(folder, "b.log", entry(2, "two"), entry(4, "four"))
    assert ["one", "two", "three", "four", "five"] == events(log_files.history(folder, ["a", "b"]))


def test_what_was_printed_stays_with_the_line_before_it(folder: Path) -> None:
    """A traceback is not torn apart by what another service wrote meanwhile."""
    write(folder, "a.log", "printed first", entry(1, "one"), "Traceback", "ValueError: x")
    write(folder, "b.log", entry(2, "two"))
    found = list(log_files.history(folder, ["a", "b"]))
    assert ["printed first", "one", "Traceback", "ValueError: x", "two"] == events(found)
    assert [LONG_AGO, BEGAN + timedelta(seconds=1)] == [found[0].at, found[3].at]


def test_bytes_that_are_no_text_are_shown_as_such(folder: Path) -> None:
    """A damaged file is still read to its end."""
    (folder / "a.log").write_bytes(b"\xff\xfe\n" + entry(1, "one").encode() + b"\n")
    assert ["\ufffd\ufffd", "one"] == events(log_files.history(folder, ["a"]))


def test_names_are_those_of_the_present_files(folder: Path) -> None:
    """Turned files and other things in the folder are no services."""
    for name in ("b.log", "a.log", "a.log.1", "notes.txt"):
        (folder / name).touch()
    assert ["a", "b"] == log_files.names(folder)


@pytest.fixture
def follow(folder: Path) -> Iterator[Callable[..., Iterator[list[Line]]]]:
    """Watches files, and stops at the end."""
    with ExitStack() as stack:
        yield lambda *names: stack.enter_context(closing(log_files.growing(folder, names)))


Follow = Callable[..., Iterator[list[Line]]]


def test_following_begins_with_the_present_and_misses_nothing(folder: Path, follow: Follow) -> None:
    """Half a line waits for its other half, half a character too, and a new file is found."""
    write(folder, "x.log", entry(1, "one"))
    batches = follow("x")
    assert ["one"] == events(next(batches))
    raw = (entry(2, "等了一上午") + "\n").encode()
    cut = raw.index("上".encode()) + 1
    with (folder / "x.log").open("ab") as file:
        file.write(raw[:cut])
        file.flush()
        assert [] == next(batches)
        file.write(raw[cut:])
    assert ["等了一上午"] == events(next(batches))
    write(folder, "x.log", entry(3, "three"))
    shift(folder / "x.log")
    assert ["three"] == events(next(batches))
    assert [] == next(batches)
    write(folder, "x.log", entry(4, "four"))
    assert ["four"] == events([*next(batches), *next(batches)])


def test_a_batch_is_by_time(folder: Path, follow: Follow) -> None:
    """What two services wrote between two looks comes in the order in which it happened."""
    for name in ("a", "b"):
        (folder / f"{name}.log").touch()
    batches = follow("a", "b")
    next(batches)
    write(folder, "a.log", entry(2, "later"))
    write(folder, "b.log", entry(1, "sooner"))
    assert ["sooner", "later"] == events(next(batches))


@pytest.mark.parametrize(
    ("service", "known", "told"),
    [
        (None, ["a", "b"], ["a", "b"]),
        ("b", ["a", "b"], ["b"]),
        ("c", ["a", "b"], "no logs of c; there are: a, b"),
        ("a/../b", ["a"], "no logs of a/../b"),
        (None, [], "start with `make run`"),
        ("a", [], "start with `make run`"),
    ],
)
def test_whose_logs_are_read(service: str | None, known: list[str], told: list[str] | str) -> None:
    """One's or all; a name that has none is answered with those that have."""
    if isinstance(told, list):
        assert told == logs.chosen(service, known)
    else:
        with pytest.raises(Misconfigured, match=told):
            logs.chosen(service, known)


@pytest.mark.parametrize(
    ("level", "shown"),
    [("debug", 5), ("info", 4), ("warning", 3), ("error", 2), ("critical", 1)],
)
def test_only_lines_that_are_as_bad(
    folder: Path, capsys: pytest.CaptureFixture[str], level: logs.Level, shown: int
) -> None:
    """A level shows itself and all that is worse; raw lines are as they were written."""
    levels = ("debug", "info", "warning", "error", "critical")
    written = [entry(second, each, each) for second, each in enumerate(levels)]
    write(folder, "a.log", *written)
    logs.show(log_files.history(folder, ["a"]), level, raw=True)
    assert written[-shown:] == capsys.readouterr().out.splitlines()
    logs.show(log_files.history(folder, ["a"]), level, raw=False)
    told = capsys.readouterr().out.splitlines()
    assert list(levels[-shown:]) == [line.split()[2] for line in told]
