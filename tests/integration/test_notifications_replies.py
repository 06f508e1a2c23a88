"""Replies by SMS: matched by the number's hash, each once, and nothing of what was written kept."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.handlers import on_contact_erased
from services.notifications.hearing import Hearing
from services.notifications.providers.protocol import Inbound
from services.notifications.rules.sparing import Thrift
from services.notifications.store import messages
from shared import events
from shared.db import Database
from shared.values import clock
from shared.vendors.outcomes import Rejected
from tests.conftest import Clone
from tests.integration.notifications_parts import (
    PHONE,
    SEAL,
    Postman,
    due_now,
    make_deliveries,
    queue,
    rows,
    ruled,
)

SERVICE = "notifications"
HEARING = Hearing(SEAL, ruled(reply_hours=72))
OTHERS = "13900000099"


async def asked(database: Database, case: UUID, phone: str = PHONE) -> None:
    """The two questions about a case were sent."""
    now, number = clock.now(), f"+86{phone}"
    question = messages.OfACase(
        uuid4(), case, case, "question", SEAL.close(number, f"phone:{case}"), SEAL.index(number),
        occasion=1, not_before=now, expires_at=now + timedelta(days=3),
    )  # fmt: skip
    async with database.transaction() as conn:
        assert await messages.add_message(conn, question, "t")
    await due_now(database)
    assert 1 == await make_deliveries(database, Postman()).send_queued()


async def write(database: Database, text: str, ref: str = "", phone: str = PHONE) -> None:
    """Somebody writes back."""
    told = [Inbound(ref or str(uuid4()), f"+86{phone}", text)]
    async with database.transaction() as conn:
        await HEARING.take(conn, "postman", told)


async def told(database: Database) -> list[dict[str, Any]]:
    """What others hear of it."""
    sql = """SELECT body::jsonb->'data' AS data FROM outbox
             WHERE type = 'answer.replied.v1' ORDER BY seq"""
    return [row["data"] for row in await rows(database, sql)]


async def howtos(database: Database) -> int:
    """How many words on how to reply there are."""
    return len(await rows(database, "SELECT 1 FROM messages WHERE purpose = 'howto'"))


@pytest.mark.parametrize(
    ("text", "solved", "satisfied"),
    [("1", True, True), ("２。", True, False), ("回复3", False, False)],
)
async def test_a_reply_is_told_once_however_often_it_comes(
    database: Database, text: str, solved: bool, satisfied: bool
) -> None:
    """Of the case that was asked about, with what was meant; the second of the vendor's is none."""
    case = uuid4()
    await asked(database, case)
    for _ in range(2):
        await write(database, text, "vendors-1")
    [one] = await told(database)
    assert (str(case), 1, 1, solved, satisfied) == (
        one["case_id"], one["number"], one["revision"], one["solved"], one["satisfied"]
    )  # fmt: skip
    assert 0 == await howtos(database)


async def test_a_question_that_arrived_is_told_once(database: Database) -> None:
    """Scoring counts whom it reached, once it has arrived; of one that failed nobody hears."""
    one, other = uuid4(), uuid4()
    await asked(database, one)
    await asked_of(database, other, OTHERS)
    await make_deliveries(database, Postman(Rejected("bad", retriable=False))).send_queued()
    await due_now(database)
    for _ in range(2):
        await make_deliveries(database, Postman()).query_due()
    sql = "SELECT body::jsonb->'data' AS data FROM outbox WHERE type = 'question.asked.v1'"
    [arrived] = [row["data"] for row in await rows(database, sql)]
    assert (str(one), 1) == (arrived["case_id"], arrived["revision"])
    settled = "SELECT settled_at FROM messages WHERE case_id = $1"
    [row] = await rows(database, settled, one)
    assert row["settled_at"] == datetime.fromisoformat(arrived["asked_at"])


async def test_who_thinks_better_of_it_says_so(database: Database) -> None:
    """A second reply is the next word, and told as such."""
    await asked(database, uuid4())
    for text in ("1", "3"):
        await write(database, text)
    assert [(1, True), (2, False)] == [
        (one["number"], one["solved"]) for one in await told(database)
    ]


async def test_two_instances_hear_one_reply_once(clone: Clone) -> None:
    """The vendor brings it to both at the same time."""
    url = await clone(SERVICE)
    pools = [await Database.connect(url, SERVICE, 4) for _ in range(2)]
    await asked(pools[0], uuid4())
    await asyncio.gather(*(write(pool, "3", "vendors-1") for pool in pools))
    assert 1 == len(await told(pools[0]))
    for pool in pools:
        await pool.close()


async def test_strangers_and_the_unasked_change_nothing(database: Database) -> None:
    """A 3 from another phone, or to thanks only, opens nothing; a stranger costs us no SMS."""
    await asked(database, uuid4())
    await write(database, "3", phone=OTHERS)
    assert ([], 0) == (await told(database), await howtos(database))
    await queue(database, OTHERS)
    await make_deliveries(database, Postman()).send_queued()
    await write(database, "3", phone=OTHERS)
    assert ([], 1) == (await told(database), await howtos(database))


async def test_what_is_not_understood_is_answered_once(database: Database) -> None:
    """However much is written: one SMS on how to reply, and none of the words are kept."""
    await asked(database, uuid4())
    for text in ("态度还行", "3天了还没办", "喂？"):
        await write(database, text)
    assert ([], 1) == (await told(database), await howtos(database))
    vendor = Postman()
    await make_deliveries(database, vendor).send_queued()
    assert [("howto", f"+86{PHONE}", {})] == [(s.purpose, s.phone, s.values) for s in vendor.bag]
    kept = str(await rows(database, "SELECT * FROM replies"))
    assert "态度" not in kept
    assert PHONE not in kept


async def test_a_reply_too_late_is_to_nothing(database: Database) -> None:
    """After the policy's hours it would be a guess."""
    await asked(database, uuid4())
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET sent_at = sent_at - interval '72 hours'")
    await write(database, "3")
    assert ([], 0) == (await told(database), await howtos(database))


async def test_who_wants_no_more_is_asked_no_more_but_thanked(database: Database) -> None:
    """T stops questions and invitations; receipts, thanks and codes still come; 恢复 ends it."""
    await write(database, "T")
    vendor = Postman()
    case = uuid4()
    await queue(database)
    await asked_of(database, case)
    await make_deliveries(database, vendor, Thrift(ruled(), patient=False)).send_queued()
    assert ["thanks"] == vendor.purposes
    stopped = await rows(database, "SELECT state, code FROM messages WHERE purpose = 'question'")
    assert [{"state": "failed", "code": "stopped"}] == stopped
    await write(database, "恢复")
    assert [] == await rows(database, "SELECT * FROM stops")
    changes = await rows(
        database, "SELECT stopped, changed_by FROM stop_changes ORDER BY change_id"
    )
    assert [(True, ""), (False, "")] == [(one["stopped"], one["changed_by"]) for one in changes]


async def asked_of(database: Database, case: UUID, phone: str = PHONE) -> None:
    """A question that is due."""
    now, number = clock.now(), f"+86{phone}"
    question = messages.OfACase(
        uuid4(), case, case, "question", SEAL.close(number, f"phone:{case}"), SEAL.index(number),
        occasion=1, not_before=now, expires_at=now + timedelta(days=3),
    )  # fmt: skip
    async with database.transaction() as conn:
        await messages.add_message(conn, question, "t")


async def test_a_forgotten_citizen_is_asked_nothing_and_answers_nothing(database: Database) -> None:
    """Queued questions go, a reply to a sent one is to nothing; no hash of the number is left."""
    one, other = uuid4(), uuid4()
    await asked(database, one)
    await asked_of(database, other)
    for case in (one, other):
        async with database.transaction() as conn:
            await on_contact_erased(
                conn, events.ContactErased(submission_id=case, erased_at=clock.now())
            )
    await write(database, "3")
    assert [] == await told(database)
    found = await rows(database, "SELECT state, phone_hash FROM messages ORDER BY state")
    assert [("accepted", None), ("failed", None)] == [(f["state"], f["phone_hash"]) for f in found]


async def test_phones_go_when_nobody_may_send_again(database: Database) -> None:
    """After the policy's days neither the phone nor its hash is there; before, both are."""
    await queue(database)
    await write(database, "谢谢")
    deliveries = make_deliveries(database, Postman())
    await deliveries.send_queued()
    await due_now(database)
    await deliveries.query_due()
    assert 0 == await deliveries.forget_phones()
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET settled_at = settled_at - interval '4 days'")
        await conn.execute("UPDATE replies SET heard_at = heard_at - interval '4 days'")
    assert 1 == await deliveries.forget_phones()
    left = await rows(
        database,
        """SELECT phone_sealed, phone_hash FROM messages
           UNION ALL SELECT NULL, phone_hash FROM replies""",
    )
    assert [(None, None)] * 2 == [(one["phone_sealed"], one["phone_hash"]) for one in left]
