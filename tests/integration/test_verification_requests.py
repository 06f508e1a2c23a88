"""What is asked of the level above: more time before it is over, and not to lead a case."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from shared.db import Database
from shared.values import clock
from tests.integration.test_verification_assigning import sent
from tests.integration.verification_office import Office, office
from tests.support import at

SERVICE = "verification"
REASON = "监控要等技术科调取"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def due(bureau: Office, case_id: UUID) -> datetime:
    """When the verification is due."""
    async with bureau.database.acquire() as conn:
        found: datetime = await conn.fetchval(
            "SELECT verification_due_at FROM cases WHERE case_id = $1", case_id
        )
    return found


async def asked(bureau: Office, case_id: UUID) -> str:
    """The one request that waits."""
    async with bureau.database.acquire() as conn:
        return str(
            await conn.fetchval(
                "SELECT request_id FROM case_requests WHERE case_id = $1 AND outcome IS NULL",
                case_id,
            )
        )


async def decided(bureau: Office, who: str, case_id: UUID, decision: str, **more: str) -> int:
    """The status of an answer to the request that waits."""
    fields = {"request_id": await asked(bureau, case_id), "decision": decision, **more}
    return (await sent(bureau, who, case_id, "decision", **fields)).status


async def lapse(bureau: Office) -> None:
    """What the service does by the clock."""
    await next(job for job in bureau.service.jobs if job.name == "lapse_requests").run()


async def test_more_time_is_given_once_by_the_level_above(bureau: Office) -> None:
    """Asked at the unit, granted by the county, not by an equal; the citizen is told; then no more.

    The pages say what will happen, and the reason stands before whoever decides.
    """
    case_id = await bureau.case()
    before = await due(bureau, case_id)
    page = await bureau.browse("desk", f"/desk/cases/{case_id}/extension")
    assert ("每件只能延期一次" in page.text, "公开数据记一次延期" in page.text) == (True, True)
    wish = {"days": "3", "reason": REASON}
    assert 303 == (await sent(bureau, "desk", case_id, "extension", **wish)).status
    twice = await sent(bureau, "desk", case_id, "extension", **wish)
    assert (409, True) == (twice.status, REASON in twice.text)
    assert 403 == await decided(bureau, "accused", case_id, "grant")
    above = await bureau.browse("county", f"/desk/cases/{case_id}/decision")
    assert (REASON in above.text, "值班员" in above.text) == (True, True)
    assert 303 == await decided(bureau, "county", case_id, "grant")
    assert before + timedelta(days=3) == await due(bureau, case_id)
    [told] = await bureau.events("case.rescheduled.v1")
    assert ("extended", None, 1) == (told["why"], told["callback_due_at"], told["number"])
    assert before + timedelta(days=3) == datetime.fromisoformat(told["verification_due_at"])
    again = await sent(bureau, "county", case_id, "extension", **wish)
    assert (409, True) == (again.status, "已延期过" in again.text)
    shown = await bureau.browse("desk", f"/desk/cases/{case_id}")
    assert ("申请延期 3 天" in shown.text, "同意延期 3 天" in shown.text) == (True, True)


@pytest.mark.parametrize(
    ("days", "reason", "said"),
    [("4", REASON, "最多 3 天"), ("3", " ", "请写明原因"), ("x", REASON, REASON)],
)
async def test_a_wrong_wish_keeps_what_was_typed(
    bureau: Office, days: str, reason: str, said: str
) -> None:
    """Too many days, no reason, or no number: nothing is asked."""
    case_id = await bureau.case()
    refused = await sent(bureau, "desk", case_id, "extension", days=days, reason=reason)
    assert (422, True) == (refused.status, said in refused.text)
    assert "None" == await asked(bureau, case_id)


async def test_what_is_over_is_not_extended(bureau: Office) -> None:
    """Not asked after the due time, nor granted; unanswered it lapses, and the due time stays."""
    case_id = await bureau.case()
    before = await due(bureau, case_id)
    await sent(bureau, "desk", case_id, "extension", days="1", reason=REASON)
    with at(before):
        assert 409 == await decided(bureau, "county", case_id, "grant")
        other = await sent(bureau, "desk", case_id, "extension", days="1", reason=REASON)
        assert (409, True) == (other.status, "已过期限" in other.text)
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE case_requests SET due_at = mashang_now()")
    await lapse(bureau)
    shown = await bureau.browse("desk", f"/desk/cases/{case_id}")
    assert ("到期未答复" in shown.text, before) == (True, await due(bureau, case_id))
    assert [] == await bureau.events("case.rescheduled.v1")


async def test_a_refusal_says_why_and_changes_nothing(bureau: Office) -> None:
    """Without a word it is not taken; after it the unit may ask again."""
    case_id = await bureau.case()
    before = await due(bureau, case_id)
    await sent(bureau, "desk", case_id, "extension", days="2", reason=REASON)
    assert 422 == await decided(bureau, "county", case_id, "refuse")
    assert 303 == await decided(bureau, "county", case_id, "refuse", word="今天就能调到")
    assert before == await due(bureau, case_id)
    shown = await bureau.browse("desk", f"/desk/cases/{case_id}")
    assert "今天就能调到" in shown.text
    again = await sent(bureau, "desk", case_id, "extension", days="2", reason=REASON)
    assert 303 == again.status


async def test_what_was_judged_is_not_extended(bureau: Office) -> None:
    """A verdict in the meantime stopped the clock: nothing to extend."""
    case_id = await bureau.case()
    await sent(bureau, "desk", case_id, "extension", days="2", reason=REASON)
    await bureau.judge("desk", case_id)
    assert 409 == await decided(bureau, "county", case_id, "grant")
    assert 409 == (await sent(bureau, "desk", case_id, "extension", days="2",
                              reason=REASON)).status  # fmt: skip


async def test_an_assignment_is_disputed_and_decided_above(bureau: Office) -> None:
    """Only by the lead, and what they did not take themselves; granted, nobody leads it."""
    case_id = await bureau.case()
    await sent(bureau, "desk", case_id, "lead", who="desk")
    own = await sent(bureau, "desk", case_id, "dispute", reason="太忙")
    assert (409, True) == (own.status, "太忙" in own.text)
    await sent(bureau, "county", case_id, "lead", who="accused", word="换人")
    assert 403 == (await sent(bureau, "desk", case_id, "dispute", reason="不归我")).status
    assert 303 == (await sent(bureau, "accused", case_id, "dispute", reason="当天不在岗")).status
    assert 303 == await decided(bureau, "county2", case_id, "grant")
    page = await bureau.browse("county", f"/desk/cases/{case_id}")
    assert ("还没有人经办" in page.text, "当天不在岗" in page.text) == (True, True)


async def test_silence_leaves_the_assignment(bureau: Office) -> None:
    """After the policy's hours nobody can grant it any more, and the lead stays."""
    case_id = await bureau.case()
    await sent(bureau, "county", case_id, "lead", who="desk")
    await sent(bureau, "desk", case_id, "dispute", reason="不归我")
    with at(clock.now() + timedelta(hours=4)):
        assert 409 == await decided(bureau, "county", case_id, "grant")
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE case_requests SET due_at = mashang_now()")
    await lapse(bureau)
    page = await bureau.browse("county", f"/desk/cases/{case_id}")
    assert ("分派不变" in page.text, "对分派有异议" in page.text) == (True, True)
