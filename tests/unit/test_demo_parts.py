"""The demo's parts: figures that reconcile or are marked, patience with what is killed."""

import io
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError
from rich.console import Console

from deploy.demo import __main__ as demo
from deploy.demo import first, http
from deploy.demo.figures import BOOK, LINES, WITNESSES, Row, book_figures, rows, table
from deploy.demo.first import remembered
from deploy.demo.http import Declined, call
from deploy.demo.scenario import Complaint, Expected, Scenario, article
from deploy.local.ports import free_port
from deploy.sandbox.digits import settle_seconds
from shared.errors import MashangError
from shared.values.phone import parse
from tests.vendors import SMS

EXPECTED = article().expected


def agreeing() -> dict[str, dict[str, int]]:
    """Figures of witnesses who all tell what is expected."""
    told: dict[str, dict[str, int]] = {who: {} for who in WITNESSES}
    for name, asked in LINES.items():
        for who, what in asked:
            told[who][what] = getattr(EXPECTED, name)
    return told


def printed(lines: list[Row]) -> str:
    """The table as a person sees it."""
    console = Console(file=io.StringIO(), width=140)
    console.print(table(lines))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_expectation_has_a_line_and_a_witness() -> None:
    """Nothing that the article tells goes unchecked, and no witness is asked for nothing."""
    assert set(Expected.model_fields) == set(LINES)
    assert [] == [name for name, asked in LINES.items() if not asked]
    assert BOOK == WITNESSES[-1]


def test_figures_that_agree_reconcile() -> None:
    """All lines do, and the table says so without a mark."""
    lines = rows(EXPECTED, agreeing())
    assert [True] * len(LINES) == [line.reconciles for line in lines]
    text = printed(lines)
    assert (len(LINES), False) == (text.count("agrees"), "DIFFERS" in text)
    assert "520.00" in text


@pytest.mark.parametrize(
    ("name", "who", "what"),
    [(name, who, what) for name, asked in LINES.items() for who, what in asked],
)
@pytest.mark.parametrize("off", [1, -1, None])
def test_one_witness_who_differs_is_found(name: str, who: str, what: str, off: int | None) -> None:
    """Whoever it is, by one or by silence; only the line in question is marked."""
    figures = agreeing()
    if off is None:
        del figures[who][what]
    else:
        figures[who][what] += off
    lines = rows(EXPECTED, figures)
    assert [name] == [line.name for line in lines if not line.reconciles]
    text = printed(lines)
    assert (1, off is None) == (text.count("DIFFERS"), "not told" in text)


@pytest.mark.parametrize("wrong", [0, 1])
def test_the_verdict_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    """A figure off by one fails `make demo`, and is named below the table."""
    monkeypatch.setattr(demo, "console", Console(file=io.StringIO(), width=140))
    first_line, *others = rows(EXPECTED, agreeing())
    assert wrong == demo.verdict([replace(first_line, expected=54 + wrong), *others])
    assert isinstance(demo.console.file, io.StringIO)
    text = demo.console.file.getvalue()
    assert bool(wrong) == ("does not reconcile: received" in text)


def book(**changed: Any) -> Mapping[str, Mapping[str, Any]]:
    """What the vendors' book tells."""
    told: dict[str, Any] = {
        "airtime": {"paid_count": 26, "sum_fen": {"CNY": 52000}},
        "sms": {"by_template": {"T": {"sent": 60, "delivered": 54}, "P": {"delivered": 26}}},
    }
    return told | changed


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (book(), {"airtime": 26, "airtime_fen": 52000, "thanks": 54}),
        (book(sms={"by_template": {}}), {"airtime": 26, "airtime_fen": 52000, "thanks": 0}),
        (book(airtime={"paid_count": 0, "sum_fen": {}}),
         {"airtime": 0, "airtime_fen": 0, "thanks": 54}),
        (book(airtime={"paid_count": 1, "sum_fen": {"USD": 300}}),
         {"airtime": 1, "airtime_fen": 0, "thanks": 54}),
    ],
)  # fmt: skip
def test_what_the_book_says(
    told: Mapping[str, Mapping[str, Any]], expected: dict[str, int]
) -> None:
    """Only the thanks, only yuan, only what was delivered; nothing yet is nought."""
    templates = '{"thanks": {"zh": "T", "en": "U"}}'
    env = {"MASHANG_SMS_VENDORS": SMS.name, SMS.variable("templates"): templates}
    assert expected == book_figures(told, env)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "praise"}, {"verdict": "guilty"}, {"attribution": "weather"}, {"more": 1},
        {"satisfaction": None}, {"callback": {"outcome": "asleep", "note": ""}}, {"unit": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_scenario_with_a_mistake_is_not_played(wrong: dict[str, Any]) -> None:
    """A typing error in the file would otherwise show as a figure that differs."""
    good = article().complaint[0].model_dump()
    assert Complaint.model_validate(good)
    with pytest.raises(ValidationError):
        Complaint.model_validate(good | wrong)
    with pytest.raises(ValidationError):
        Scenario.model_validate({"expected": {}, "complaint": []})


def test_the_first_complaint_meets_no_special_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is drawn: a valid mobile that the sandbox serves at once and well."""
    monkeypatch.setattr(first, "random", random.Random(7))
    phones = {first._one().phone for _ in range(300)}
    assert len(phones) > 290
    assert {0.05} == {settle_seconds(phone, 1) for phone in phones}
    assert [] == [phone for phone in phones if phone[-2:] <= "10" or parse(phone) != phone]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        ("{}", None),
        (b"\xff".decode("latin-1"), None),
        (json.dumps({"page": "p", "receipt": "r"}), {"page": "p", "receipt": "r"}),
    ],
)
def test_what_an_earlier_start_remembered(
    tmp_path: Path, text: str | None, expected: dict[str, object] | None
) -> None:
    """What a crash left half-written is as good as nothing: the complaint is filed again."""
    memory = tmp_path / "first_complaint.json"
    if text is not None:
        memory.write_text(text, "latin-1")
    assert expected == remembered(memory)


@pytest.fixture
async def service() -> AsyncIterator[tuple[str, list[web.Response], list[str]]]:
    """An address, what it will answer, and what it was asked."""
    answers: list[web.Response] = []
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(await request.text())
        if not answers[0].status:  # hangs up
            assert request.transport
            request.transport.close()
        return answers.pop(0)

    app = web.Application()
    app.router.add_route("*", "/x", handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/x")), answers, asked


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE", 0)


async def test_it_asks_again_until_there_is_an_answer(
    service: tuple[str, list[web.Response], list[str]],
) -> None:
    """Errors of the server are waited for, with the same request each time."""
    url, answers, asked = service
    answers += [web.Response(status=status) for status in (500, 503, 502)]
    answers.append(web.json_response({"done": True}))
    async with ClientSession() as session:
        assert {"done": True} == await call(session, "POST", url, {"a": 1})
    assert ['{"a": 1}'] * 4 == asked


async def test_an_empty_answer_is_one(
    service: tuple[str, list[web.Response], list[str]],
) -> None:
    """204, or no body."""
    url, answers, _ = service
    answers += [web.Response(status=204), web.Response(status=200)]
    async with ClientSession() as session:
        assert [{}, {}] == [await call(session, "DELETE", url) for _ in range(2)]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (422, {"detail": "no", "errors": [{"field": "words", "detail": "too short"},
                                          {"field": "phone", "detail": "not a number"}]},
         "422 no words: too short; phone: not a number"),
        (409, {"detail": "closed already"}, "409 closed already"),
        (401, {}, "401"),
        (404, None, "404"),
    ],
)  # fmt: skip
async def test_a_no_is_an_answer(
    service: tuple[str, list[web.Response], list[str]],
    status: int,
    body: dict[str, Any] | None,
    told: str,
) -> None:
    """It is not asked again, and the error says what and which field."""
    url, answers, asked = service
    answers.append(
        web.Response(status=status) if body is None else web.json_response(body, status=status)
    )
    async with ClientSession() as session:
        with pytest.raises(Declined) as caught:
            await call(session, "POST", url, {})
    assert (status, told, 1) == (caught.value.status, str(caught.value), len(asked))


async def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there for long: one line with the address."""
    monkeypatch.setattr(http, "PATIENCE", 0.2)
    url = f"http://127.0.0.1:{free_port()}/x"
    async with ClientSession() as session:
        with pytest.raises(MashangError, match=f"no answer from {url} within 0 s"):
            await call(session, "GET", url)


@pytest.mark.parametrize("arguments", [["--kill"], ["--kill", "nobody"], ["--loud"], ["now"]])
def test_the_demo_wrongly_called(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Exit code 2 before anything is started."""
    with pytest.raises(SystemExit) as caught:
        demo.main(arguments)
    assert 2 == caught.value.code
    assert "make demo" in capsys.readouterr().err


def test_what_can_be_killed_is_what_runs() -> None:
    """Each service, the vendors and both servers."""
    assert {"sandbox", "postgres", "rabbitmq", "intake", "scoring"} <= set(demo.KILLABLE)
    assert len(demo.KILLABLE) == len(set(demo.KILLABLE))
