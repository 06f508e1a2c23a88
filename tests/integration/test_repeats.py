"""What comes twice is done once: every write of the staff's API and every form of their pages."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import FormData

from shared.access import Operator
from shared.db import Database
from shared.errors import Conflict, KeyReused
from shared.flows import SERVICES
from shared.web import repeats
from shared.web.endpoints import FORM_KEY, Call, Visitor
from shared.web.forms import NONE
from tests.integration.verification_office import PHONE, Answer, Office, office
from tests.integration.verification_tab import Tab, tab
from tests.town import town

SERVICE = "verification"
# What a program may do as often as it likes: the same again is no second act.
REPEATABLE = {
    "/api/v1/statements", "/desk/sign-out", "/desk/confirm", "/desk/cases/{case_id}/draft",
    "/desk/account/codes", "/desk/account/factor", "/desk/account/password",
    "/desk/account/sessions", "/desk/accounts/{username}/factor",
    "/desk/accounts/{username}/sessions",
}  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def test_every_write_of_staff_has_a_repeat_key(
    clone: Callable[[str], Awaitable[str]],
) -> None:
    """No service has a POST for operators that a double click or a lost answer does twice."""
    lacking = set()
    async with town(clone) as place:
        for name in SERVICES:
            for one in place.services[name].endpoints:
                if one.method == "POST" and one.caller.kind == "staff":
                    wanted = "header" if one.is_api else "form"
                    lacking |= {one.path} if one.repeat != wanted else set()
    assert REPEATABLE == lacking


async def calls(bureau: Office, case_id: UUID) -> int:
    """How many attempts are stored."""
    async with bureau.database.acquire() as conn:
        return int(
            await conn.fetchval(
                "SELECT count(*) FROM callback_attempts WHERE case_id = $1", case_id
            )
        )


async def log_call(
    bureau: Office, case_id: UUID, key: str, outcome: str = "busy", who: str = "county"
) -> Answer:
    """A call to the citizen, under a key."""
    return await bureau.ask(who, "POST", f"cases/{case_id}/callbacks", {"outcome": outcome}, key)


async def test_a_repeated_call_is_one_attempt(bureau: Office) -> None:
    """The answer that was lost comes again, word for word, and nothing is done."""
    case_id, key = await bureau.case(), uuid4().hex
    first, again = [await log_call(bureau, case_id, key) for _ in range(2)]
    assert (201, first.status, first.text) == (again.status, again.status, again.text)
    assert (1, 1) == (await calls(bureau, case_id), len(await bureau.events("callback.logged.v1")))
    assert 2 == (await log_call(bureau, case_id, uuid4().hex)).json["attempt"]


async def test_a_repeated_verdict_shows_the_case_of_the_first_time(bureau: Office) -> None:
    """Not a conflict about the revision that it made itself; also after a later change."""
    case_id, key = await bureau.case(), uuid4().hex
    body = {"verdict": "substantiated", "attribution": "unit", "finding": "属实", "answer": "已改",
            "revision": 0}  # fmt: skip
    path = f"cases/{case_id}/verdicts"
    first = await bureau.ask("desk", "POST", path, body, key)
    await bureau.judge("county", case_id, verdict="partly", revision=1)
    again = await bureau.ask("desk", "POST", path, body, key)
    assert (201, first.text) == (again.status, again.text)
    assert 2 == len(await bureau.events("case.verified.v1"))


async def test_a_key_belongs_to_one_request_of_one_person(bureau: Office) -> None:
    """Another body or another address is refused; another operator's same key is their own."""
    one, other, key = await bureau.case(), await bureau.case(), uuid4().hex
    await log_call(bureau, one, key)
    for answer in (
        await log_call(bureau, one, key, "no_answer"),
        await log_call(bureau, other, key),
        await bureau.ask("county", "POST", f"cases/{one}/phone-reveals", {"reason": "x"}, key),
    ):
        assert (422, "idempotency-key-reused") == (
            answer.status, answer.json["type"].rpartition("/")[2].rpartition(":")[2],
        )  # fmt: skip
    theirs = await log_call(bureau, one, key, who="city")
    assert (201, 2) == (theirs.status, theirs.json["attempt"])


async def test_what_was_refused_may_be_tried_again(bureau: Office) -> None:
    """A refusal leaves no note: the same key works when the reason is gone."""
    case_id, key = await bureau.case(), uuid4().hex
    refused = await bureau.ask("county", "POST", f"cases/{case_id}/reviews",
                               {"decision": "confirm", "revision": 1}, key)  # fmt: skip
    await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
    done = await bureau.ask("county", "POST", f"cases/{case_id}/reviews",
                            {"decision": "confirm", "revision": 1}, key)  # fmt: skip
    assert (409, 201) == (refused.status, done.status)


@pytest.mark.parametrize("key", ["", "short", "with space in the middle", "x" * 129])
async def test_a_write_without_a_key_is_refused(bureau: Office, key: str) -> None:
    """400 with what to send; nothing is done."""
    case_id = await bureau.case()
    headers = {"Authorization": f"Bearer {await bureau.token('desk')}", "Idempotency-Key": key}
    async with bureau.client.post(
        f"/api/v1/cases/{case_id}/callbacks", json={"outcome": "busy"}, headers=headers
    ) as response:
        problem = await response.json()
    assert (400, "refused.repeat_key") == (response.status, problem["key"])
    assert 0 == await calls(bureau, case_id)


async def test_many_at_once_are_one(bureau: Office) -> None:
    """Ten copies together: one attempt; each copy got its answer, or that it is under way."""
    case_id, key = await bureau.case(), uuid4().hex
    answers = await asyncio.gather(*(log_call(bureau, case_id, key) for _ in range(10)))
    assert 1 == await calls(bureau, case_id)
    done = {answer.text for answer in answers if answer.status == 201}
    busy = {answer.json["key"] for answer in answers if answer.status != 201}
    assert (1, True) == (len(done), busy <= {"refused.repeat_under_way"})


async def test_nothing_of_an_answer_lies_in_clear(bureau: Office) -> None:
    """A phone that was shown, and its repeat, leave no digit in the table."""
    case_id, key = await bureau.case(), uuid4().hex
    path = f"cases/{case_id}/phone-reveals"
    shown, again = [
        await bureau.ask("desk", "POST", path, {"reason": "回访"}, key) for _ in range(2)
    ]
    assert (PHONE, PHONE) == (shown.json["phone"], again.json["phone"])
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT * FROM repeats")
    stored = b"".join(bytes(v) for row in rows for v in row.values() if isinstance(v, bytes))
    assert (1, False, False) == (len(rows), PHONE[3:].encode() in stored, key.encode() in stored)
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert ["opened", "phone_revealed"] == [a["action"] for a in case.json["actions"]]


async def test_a_double_click_is_one_action(bureau: Office) -> None:
    """Both clicks of a form lead on as if there had been one; the verdict's page says no word."""
    case_id, desk = await bureau.case(), await tab(bureau, "county")
    page = f"/desk/cases/{case_id}"
    await desk.get(page)
    assert [303, 303] == await twice(desk, f"{page}/callbacks", ("outcome", "busy"))
    assert 1 == await calls(bureau, case_id)
    await desk.get(page)
    sent = (
        ("revision", "0"), ("verdict", "substantiated"), ("attribution", "unit"),
        ("categories", "other"), ("finding", "看过监控"), ("answer", "已经整改"),
    )  # fmt: skip
    assert [303, 303] == await twice(desk, f"{page}/verdicts", *sent)
    assert 1 == len(await bureau.events("case.verified.v1"))
    await desk.get(page)
    assert "没有保存" not in desk.text


async def test_a_double_click_shows_the_phone_once_more(bureau: Office) -> None:
    """The second answer shows what the first did; the time line has one entry."""
    case_id, desk = await bureau.case(), await tab(bureau, "county")
    page = f"/desk/cases/{case_id}"
    await desk.get(page)
    assert [200, 200] == await twice(desk, f"{page}/phone-reveals", ("reason", "回访"))
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert ["opened", "phone_revealed"] == [a["action"] for a in case.json["actions"]]


async def test_each_page_has_a_key_of_its_own(bureau: Office) -> None:
    """Two pages never share a key, so a new page acts anew; one page is one form with one key."""
    case_id, desk = await bureau.case(), await tab(bureau, "county")
    page, keys = f"/desk/cases/{case_id}", list[str]()
    for _ in range(2):
        await desk.get(page)
        keys += re.findall('name="key" value="([^"]+)"', desk.text)
        await desk.send(f"{page}/callbacks", ("outcome", "busy"))
    assert (2, 2) == (len(keys), len(set(keys)))
    assert 2 == await calls(bureau, case_id)


async def twice(desk: Tab, path: str, *fields: tuple[str, str]) -> list[int]:
    """The statuses of two clicks at once."""
    text = desk.text

    async def click() -> int:
        own = Tab(desk._bureau, desk._token)
        own.text = text
        return await own.send(path, *fields)

    return list(await asyncio.gather(click(), click()))


def called(key: str, raw: bytes = b"{}", who: str = "ann") -> Call[Any, Any]:
    """A request of an operator."""
    visitor = Visitor(Operator(who, who, "auditor", "city"), 1, "s")
    return Call("zh", "/api/v1/x", {}, None, None, NONE, key, raw, visitor)


async def test_what_another_version_wrote_is_told_as_done(database: Database) -> None:
    """An answer that cannot be read any more is not done again, and is no server error."""
    acts = []

    async def act() -> dict[str, int]:
        acts.append(1)
        return {"n": len(acts)}

    async with database.transaction() as conn:
        await repeats.once(conn, called("k" * 20), dict[str, int], act)
    async with database.transaction() as conn:
        assert {"n": 1} == await repeats.once(conn, called("k" * 20), dict[str, int], act)
        with pytest.raises(Conflict, match="repeat_done"):
            await repeats.once(conn, called("k" * 20), UUID, act)  # type: ignore[arg-type]
        with pytest.raises(KeyReused):
            await repeats.once(conn, called("k" * 20, b"[]"), dict[str, int], act)
    assert 1 == len(acts)


async def test_a_failed_act_leaves_no_note(database: Database) -> None:
    """The note is part of the transaction: rolled back with it."""

    async def fail() -> int:
        raise Conflict("refused.no_phone")

    async def done() -> int:
        return 7

    with pytest.raises(Conflict):
        async with database.transaction() as conn:
            await repeats.once(conn, called("k" * 20), int, fail)
    async with database.transaction() as conn:
        assert 7 == await repeats.once(conn, called("k" * 20), int, done)


async def test_a_form_waits_and_a_program_is_told(database: Database) -> None:
    """While the first is under way: 409 for a program, the first's answer for a browser."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow() -> int:
        begun.set()
        await go.wait()
        return 7

    async def never() -> int:
        raise AssertionError

    async def ask(key: str, act: Callable[[], Awaitable[int]]) -> int:
        async with database.transaction() as conn:
            return await repeats.once(conn, called(key), int, act)

    for key in ("k" * 20, FORM_KEY + "k" * 20):
        begun.clear()
        go.clear()
        first = asyncio.create_task(ask(key, slow))
        await begun.wait()
        if key.startswith(FORM_KEY):
            second = asyncio.create_task(ask(key, never))
            await asyncio.sleep(0.05)
            go.set()
            assert [7, 7] == list(await asyncio.gather(first, second))
        else:
            with pytest.raises(Conflict, match="repeat_under_way"):
                await ask(key, never)
            go.set()
            assert 7 == await first


async def test_old_notes_are_forgotten(database: Database) -> None:
    """After seven days, and not before."""

    async def done() -> str:
        return json.dumps(None)

    for key in ("a" * 20, "b" * 20):
        async with database.transaction() as conn:
            await repeats.once(conn, called(key), str, done)
    assert 0 == await repeats.remove_old(database)
    owner = await _as_owner(database)
    assert owner
    assert 1 == await repeats.remove_old(database)


async def _as_owner(database: Database) -> bool:
    """One of the notes grows old; the service itself can only add and remove them."""
    async with database.transaction() as conn:
        row = await conn.fetchrow("DELETE FROM repeats WHERE ctid IN "
                                  "(SELECT ctid FROM repeats LIMIT 1) RETURNING *")  # fmt: skip
        if row is None:
            return False
        await conn.execute(
            "INSERT INTO repeats (key_hash, request_hash, answer, created_at)"
            " VALUES ($1, $2, $3, $4)",
            row["key_hash"], row["request_hash"], row["answer"],
            row["created_at"] - repeats.KEPT - timedelta(seconds=1),
        )  # fmt: skip
    return True


async def test_a_form_without_a_key_only_loses_the_protection(bureau: Office) -> None:
    """A form that was not made by our page still works; it is done as often as it is sent."""
    case_id, token = await bureau.case(), await bureau.token("county")
    desk = Tab(bureau, token)
    await desk.get(f"/desk/cases/{case_id}")
    csrf = re.search('name="csrf" value="([0-9a-f]+)"', desk.text)
    assert csrf is not None
    headers = {"Cookie": f"mashang={token}", "Accept": "text/html", "Origin": bureau.origin}
    for key in ("", "short"):
        form = FormData([("csrf", csrf[1]), ("key", key), ("outcome", "busy")])
        async with bureau.client.post(
            f"/desk/cases/{case_id}/callbacks", data=form, headers=headers, allow_redirects=False
        ) as response:
            assert 303 == response.status
    assert 2 == await calls(bureau, case_id)
