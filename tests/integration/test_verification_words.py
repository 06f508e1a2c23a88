"""A word to the citizen while the case is open: owed, given, missed, found in the inbox."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.verification.casework.acts import words
from services.verification.service import build
from services.verification.watching import Watch
from shared.db import Database
from tests.integration.test_verification_assigning import sent
from tests.integration.verification_case import DESK
from tests.integration.verification_office import Office, office
from tests.support import at

SERVICE = "verification"
RECEIVED = datetime(2027, 3, 9, 2, 0, tzinfo=UTC)
DUE = datetime(2027, 3, 16, 16, 0, tzinfo=UTC)  # 24:00 at the bureau, seven days later
WORD = "还在等技术科调监控，周五前给您答复。"
HOUR = timedelta(hours=1)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def case_of(bureau: Office, **changed: Any) -> UUID:
    """A case that was received then."""
    with at(RECEIVED):
        return await bureau.case(**changed)


async def owed(bureau: Office, case_id: UUID) -> tuple[str | None, datetime | None, int]:
    """What a case owes its citizen by when, and how many words there were."""
    async with bureau.database.acquire() as conn:
        row = await conn.fetchrow(
            "SELECT word_owed, word_due_at, words_given FROM cases WHERE case_id = $1", case_id
        )
    assert row
    return tuple(row)


async def move(owner: asyncpg.Connection, now: datetime) -> None:
    """As if the database's clock stood so."""
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", now)


async def missed(bureau: Office) -> list[tuple[Any, ...]]:
    """What was noted."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT owed, due_at, detected_at FROM missed_words ORDER BY 2")
    return [tuple(row) for row in rows]


async def test_a_word_stands_on_the_receipt_and_moves_the_next(bureau: Office) -> None:
    """By the page or the API: sealed for the receipt, noted with who, due again a week later."""
    case_id = await case_of(bureau)
    assert ("progress", DUE, 0) == await owed(bureau, case_id)
    with at(DUE - HOUR):
        page = await bureau.browse("desk", f"/desk/cases/{case_id}/word")
        assert ("7 天后要再告诉一次" in page.text, "核查期限不变" in page.text) == (True, True)
        assert 422 == (await sent(bureau, "desk", case_id, "word", word=" ")).status
        assert 303 == (await sent(bureau, "desk", case_id, "word", word=WORD)).status
        shown = await bureau.browse("desk", f"/desk/cases/{case_id}")
        said = await bureau.ask("county", "POST", f"cases/{case_id}/word", {"word": WORD})
    assert ("第 1 次告诉群众进展" in shown.text, WORD in shown.text) == (True, True)
    assert 201 == said.status
    assert ("progress", DUE + timedelta(days=7), 2) == await owed(bureau, case_id)
    first, second = await bureau.events("word.given.v1")
    assert [1, 2] == [first["number"], second["number"]]
    [told] = await bureau.events("case.opened.v1")
    next_due = [told["word_due_at"], first["word_due_at"], second["word_due_at"]]
    assert [DUE, *[DUE + timedelta(days=7)] * 2] == [*map(datetime.fromisoformat, next_due)]
    context = f"answer:{first['submission_id']}:word:1"
    assert WORD == bureau.seal.open(first["word_sealed"], context)


async def test_with_the_answer_none_is_owed_any_more(bureau: Office) -> None:
    """And none can be given; a verdict that waits for its second look is no answer yet."""
    case_id = await case_of(bureau)
    with at(RECEIVED + HOUR):
        changed = {"verdict": "unsubstantiated", "attribution": "none"}
        assert 201 == (await bureau.judge("desk", case_id, **changed)).status
        assert ("progress", DUE, 0) == await owed(bureau, case_id)
        body = {"decision": "confirm", "note": "", "revision": 1}
        assert 201 == (await bureau.ask("county", "POST", f"cases/{case_id}/reviews", body)).status
        assert (None, None, 0) == await owed(bureau, case_id)
        refused = await bureau.ask("desk", "POST", f"cases/{case_id}/word", {"word": WORD})
    assert 409 == refused.status


async def test_what_is_not_given_is_noted_once_with_its_time(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Found after an outage of 26 hours, due when it was, by two instances, once."""
    case_id = await case_of(bureau)
    back = DUE + 26 * HOUR
    await move(owner, DUE - timedelta(seconds=5))
    assert 0 == await words.note_missed(bureau.database)
    await move(owner, back)
    other = build(bureau.settings, bureau.database)
    jobs = [
        job for one in (bureau.service, other) for job in one.jobs if job.name == "missed_words"
    ]
    await asyncio.gather(*(job.run() for job in jobs * 3))
    [(kind, due_at, detected_at)] = await missed(bureau)
    assert ("progress", DUE, True) == (kind, due_at, back <= detected_at < back + HOUR)
    with at(back):
        assert (
            "没有按时告知群众进展" in (await bureau.browse("desk", f"/desk/cases/{case_id}")).text
        )


async def test_the_inbox_and_the_gauge_know_what_is_owed(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """From a day before on; a word takes the case out of the list."""
    case_id = await case_of(bureau)
    own, query = f"/desk/cases/{case_id}", "cases?step=word"
    await move(owner, DUE - 25 * HOUR)
    assert [] == (await bureau.ask("desk", "GET", query)).json["items"]
    await move(owner, DUE + HOUR)
    [item] = (await bureau.ask("desk", "GET", query)).json["items"]
    assert (str(case_id), "progress") == (item["case_id"], item["word_owed"])
    assert own in (await bureau.browse("desk", "/desk?step=word")).text
    await Watch(bureau.database, DESK.policies).observe()
    assert 1 == REGISTRY.get_sample_value("mashang_cases_overdue", {"duty": "word"})
    with at(DUE + HOUR):
        await bureau.ask("desk", "POST", f"cases/{case_id}/word", {"word": WORD})
    assert own not in (await bureau.browse("desk", "/desk?step=word")).text


async def test_a_sampled_verdict_that_is_given_back_owes_anew(bureau: Office) -> None:
    """What was due while there was an answer is nobody's fault."""
    case_id = await case_of(bureau)
    with at(RECEIVED + HOUR):
        assert 201 == (await bureau.judge("desk", case_id)).status
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET review_pending = true, review_due_at = mashang_now()")
    with at(DUE + HOUR):
        body = {"decision": "return", "note": "补查", "revision": 1}
        back = await bureau.ask("county", "POST", f"cases/{case_id}/reviews", body)
    assert 201 == back.status
    assert ("progress", DUE + timedelta(days=8), 0) == await owed(bureau, case_id)
    [restarted] = await bureau.events("clock.changed.v1")
    assert DUE + timedelta(days=8) == datetime.fromisoformat(restarted["word_due_at"])
