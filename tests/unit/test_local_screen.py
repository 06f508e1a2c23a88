"""What a person sees of a start: steps, bad news, the welcome, and why it is not ready."""

import sys
from collections.abc import AsyncIterator, Callable
from typing import get_args

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from deploy.local import readiness
from deploy.local.console import Console
from deploy.local.ending import ending
from deploy.local.family import descendants, kill_all
from deploy.local.ports import Ports, free_port
from deploy.local.process import Process, StartError
from deploy.local.readiness import ask, lacks_broker, one_line, until_ready
from deploy.local.welcome import addresses, demo_operators, qr, screen
from shared.access import Role
from shared.observe.reading import LEVELS, Entry

PAGE = "https://mashang.example/w/411724006-01-ABCDEFGH"
COMPLAINT = {"page": PAGE, "receipt": "https://mashang.example/r/X", "paid after": "3.2 s"}
URLS = {name: f"http://127.0.0.1:{port}" for name, port in Ports.default().numbers.items()}


def shown(monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    """The welcome on a terminal of that width."""
    monkeypatch.setenv("COLUMNS", str(columns))
    return screen(URLS, "a-password", COMPLAINT)


@pytest.mark.parametrize("columns", [40, 80, 100, 120, 200])
def test_the_welcome_is_complete_on_any_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Addresses, log-ins, password, page and the code: beside each other, or below."""
    lines = shown(monkeypatch, columns)
    text = "\n".join(lines)
    wanted = [
        *URLS.values(),
        "a-password",
        *map(str, COMPLAINT.values()),
        *demo_operators().values(),
    ]
    assert [] == [word for word in wanted if word not in text]
    assert [] == [line for line in qr(PAGE) if line.rstrip() not in text]
    beside = any("intake" in line and "█" in line for line in lines)
    assert beside == (columns >= 120)


def test_of_anothers_directory_only_addresses_are_told() -> None:
    """Its people and their passwords are nobody's to know."""
    text = "\n".join(addresses(URLS))
    assert [] == [url for url in URLS.values() if url not in text]
    assert [] == [name for name in demo_operators().values() if f" {name}" in text]


def test_the_welcome_fits_one_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code beside the words: no more lines than the longer of the two."""
    lines = shown(monkeypatch, 120)
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 120


def test_the_code_is_a_square_that_a_phone_can_read() -> None:
    """All lines as wide, two modules high each, with the quiet border."""
    lines = qr(PAGE)
    assert 1 == len(set(map(len, lines)))
    assert len(lines[0]) in (2 * len(lines), 2 * len(lines) - 1)


def test_every_role_has_a_log_in() -> None:
    """A newcomer can look at each desk."""
    assert set(get_args(Role)) == set(demo_operators())


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("level", LEVELS)
def test_which_entries_reach_the_screen(
    capsys: pytest.CaptureFixture[str], level: str, up: bool
) -> None:
    """Errors always, warnings once everything is up, the rest only in the files."""
    console = Console()
    if up:
        console.everything_is_up()
    console.show(Entry(None, level, "rewards", "something"))
    expected = level in ("error", "critical") or (up and level == "warning")
    assert expected == bool(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("terminal", "no_color", "coloured"),
    [(True, "", True), (True, "1", False), (False, "", False)],
)
def test_colours_only_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    no_color: str,
    coloured: bool,
) -> None:
    """On a terminal, unless NO_COLOR is set; never into a pipe."""
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    console = Console()
    console.show(Entry(None, "error", "rewards", "broke"))
    console.step("calm")
    told, calm = capsys.readouterr().out.splitlines()
    assert (coloured, False) == ("\033[31m" in told, "\033" in calm)


def test_what_happens_to_a_process_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Under its name, once everything is up."""
    console = Console()
    console.everything_is_up()
    console.speaker("scoring")("was killed by SIGKILL; starting again in 0.5 s")
    line = capsys.readouterr().out
    assert "warning  scoring       was killed by SIGKILL; starting again in 0.5 s\n" == line


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, "ended with exit code 0"),
        (2, "ended with exit code 2"),
        (-9, "was killed by SIGKILL"),
        (-15, "was killed by SIGTERM"),
        (None, "ended with exit code None"),
    ],
)
def test_how_a_process_ended_in_words(code: int | None, told: str) -> None:
    """By the signal's name if it was one."""
    assert told == ending(code)


def test_a_process_that_is_not_there_has_no_family() -> None:
    """Never started, or gone meanwhile."""
    assert [] == descendants(None)
    assert [] == descendants(2**22 + 1)
    kill_all([])


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        ('{"broker": "away"}', True),
        ('{"broker": "ok"}', False),
        ("{}", False),
        ("[]", False),
        ('"broker"', False),
        ("<html>", False),
        ("", False),
        ("null", False),
    ],
)
def test_readiness_wants_the_broker(body: str, lacks: bool) -> None:
    """A service calls itself ready without; `make run` does not show a half."""
    assert lacks == lacks_broker(body)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('{"a":\n 1}', '{"a": 1}'),
        ("<p>\n  no\n</p>", "<p> no </p>"),
        ('{"词": "好"}', '{"词": "好"}'),
        ("x" * 1000, "x" * 300),
        ("", ""),
    ],
)
def test_an_answer_becomes_a_line(body: str, line: str) -> None:
    """JSON or a page, and not endless."""
    assert line == one_line(body)


Answer = Callable[[], web.Response]


@pytest.fixture
async def answering() -> AsyncIterator[tuple[str, list[web.Response]]]:
    """An address, and what it will answer, the last for ever."""
    answers = [web.Response(text="?", status=503)]

    async def handle(_: web.Request) -> web.Response:
        taken = answers.pop(0) if len(answers) > 1 else answers[0]
        return web.Response(text=taken.text, status=taken.status)

    app = web.Application()
    app.router.add_get("/readyz", handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/readyz")), answers


def sleeping() -> Process:
    """A process that does not end by itself."""
    return Process("scoring", ["/bin/sleep", "60"], output=lambda _: None, restart=False)


async def test_it_waits_until_it_is_told_so(
    answering: tuple[str, list[web.Response]],
) -> None:
    """503, then without a broker, then ready."""
    url, answers = answering
    answers[:] = [
        web.Response(status=503, text='{"service": "starting"}'),
        web.Response(text='{"broker": "away"}'),
        web.Response(text='{"broker": "ok"}'),
    ]
    process = sleeping()
    await process.start()
    try:
        await until_ready(process, url, within=10)
    finally:
        await process.stop()
    assert 1 == len(answers)


async def test_what_never_comes_is_told_with_its_last_answer(
    answering: tuple[str, list[web.Response]],
) -> None:
    """The line names the service and what it said."""
    url, answers = answering
    answers[:] = [web.Response(status=503, text='{"database":\n"away"}')]
    process = sleeping()
    await process.start()
    try:
        with pytest.raises(StartError) as caught:
            await until_ready(process, url, within=0.3)
    finally:
        await process.stop()
    told = 'scoring did not start; not ready after 0 s: {"database": "away"}'
    assert told == str(caught.value)


async def test_a_process_that_keeps_ending_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a few starts the launcher gives up and says how it ended."""
    monkeypatch.setattr(readiness, "STARTS", 1)
    process = Process("scoring", ["/bin/false"], output=lambda _: None)
    await process.start()
    try:
        with pytest.raises(StartError, match="scoring did not start; ended with exit code 1"):
            await until_ready(process, f"http://127.0.0.1:{free_port()}/readyz")
    finally:
        await process.stop()


async def test_a_silent_address_keeps_the_answer_of_before() -> None:
    """What it said last is more use than that it says nothing now."""
    async with ClientSession() as session:
        silent = f"http://127.0.0.1:{free_port()}/"
        assert (False, "said before") == await ask(session, silent, "said before")
