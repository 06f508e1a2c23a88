"""Quiet hours, a number's rest and a day's money, on a real database and with two instances."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.handlers import Wanted
from services.notifications.rules.sparing import Thrift
from services.notifications.store import messages
from shared import events
from shared.db import Database
from shared.values import clock
from shared.vendors.outcomes import Accepted, Held, Outcome, Rejected, TryLater, Unknown
from tests.conftest import Clone
from tests.integration.notifications_parts import (
    PHONE,
    SEAL,
    WANTED,
    Postman,
    due_now,
    make_deliveries,
    queue,
    requested,
    rows,
    ruled,
    states,
    verified,
)

SERVICE = "notifications"
HOUR = timedelta(hours=1)
PRICE = {"postman": 5}
NUMBERS = [f"138000001{n:02}" for n in range(20)]


def at_night(**changed: Any) -> Thrift:
    """It has been quiet for an hour, and will be for another."""
    now = clock.now().astimezone(clock.home()).replace(second=0, microsecond=0)
    hours = {"quiet_from": (now - HOUR).time(), "quiet_until": (now + HOUR).time()}
    return Thrift(ruled(**(hours | changed)), PRICE)


def by_day(**changed: Any) -> Thrift:
    """No hour is quiet."""
    rule = {"quiet_from": clock.now().time(), "quiet_until": clock.now().time()}
    same = rule | {"quiet_until": rule["quiet_from"]}
    return Thrift(ruled(**(same | {"rest_minutes": 0} | changed)), PRICE)


async def code(database: Database, phone: str = PHONE) -> None:
    """A one-time code is queued."""
    about = uuid4()
    sealed = SEAL.close(f"+86{phone}", f"phone:{about}")
    async with database.transaction() as conn:
        await WANTED.on_otp_requested(conn, requested(submission_id=about, phone_sealed=sealed))


async def page(database: Database) -> None:
    """Whoever is on duty is paged."""
    own, about = uuid4(), uuid4()
    event = events.DutyPaged(
        page_id=own, phone_id=about, phone_sealed=SEAL.close(f"+86{PHONE}", f"phone:{about}"),
        paged_at=clock.now(), expires_at=clock.now() + HOUR,
    )  # fmt: skip
    async with database.transaction() as conn:
        await WANTED.on_duty_paged(conn, event)


async def noticed(database: Database, **told: Any) -> None:
    """A duty phone hears of what waits; without `about` as it was told before there was money."""
    about = uuid4()
    event = {
        "told_id": uuid4(), "phone_id": about, "told_at": clock.now(),
        "phone_sealed": SEAL.close(f"+86{PHONE}", f"phone:{about}"),
        "expires_at": clock.now() + 24 * HOUR,
    }  # fmt: skip
    async with database.transaction() as conn:
        for _ in range(2):
            await WANTED.on_duty_noticed(conn, events.DutyNoticed.model_validate(event | told))


async def spent(database: Database) -> list[int]:
    """What the day has cost: for all, and of the reserve."""
    return [row["fen"] for row in await rows(database, "SELECT fen FROM spending ORDER BY reserve")]


async def test_at_night_codes_and_pages_go_and_the_rest_in_the_morning(database: Database) -> None:
    """What is patient stays queued, costs nothing, and goes when it is day."""
    await queue(database)
    await code(database)
    await page(database)
    vendor = Postman()
    assert 2 == await make_deliveries(database, vendor, at_night()).send_queued()
    assert {"code", "urgent"} == set(vendor.purposes)
    assert 1 == await make_deliveries(database, vendor, by_day()).send_queued()
    assert "thanks" == vendor.purposes[-1]


async def test_money_nearly_late_leaves_from_the_reserve(database: Database) -> None:
    """The day's purse is empty: a notice waits, the alert goes once, however often it is heard."""
    await noticed(database)
    await noticed(database, about="money")
    vendor = Postman()
    deliveries = make_deliveries(database, vendor, by_day(day_fen=0, reserve_fen=5))
    assert [1, 0] == [await deliveries.send_queued() for _ in range(2)]
    assert ["money"] == vendor.purposes
    assert [0, 5] == await spent(database)
    waiting = "SELECT purpose FROM messages WHERE state = 'queued'"
    assert [{"purpose": "notice"}] == await rows(database, waiting)


async def test_two_instances_do_not_overdraw_a_day(clone: Clone) -> None:
    """Money for three of twelve: both send at once, three go, nine wait; codes have the reserve."""
    url, vendor = await clone(SERVICE), Postman()
    pools = [await Database.connect(url, SERVICE, 4) for _ in range(2)]
    for phone in NUMBERS[:12]:
        await queue(pools[0], phone)
    thrift = by_day(day_fen=15, reserve_fen=10)
    twins = [make_deliveries(pool, vendor, thrift) for pool in pools]
    for _ in range(3):
        await asyncio.gather(*(one.send_queued() for one in twins))
    assert ["thanks"] * 3 == vendor.purposes
    for phone in NUMBERS[:3]:
        await code(pools[0], phone)
    for _ in range(3):
        await asyncio.gather(*(one.send_queued() for one in twins))
    assert ["code", "code"] == vendor.purposes[3:]
    assert [15, 10] == await spent(pools[0])
    assert 10 == (await states(pools[0])).count("queued")
    for pool in pools:
        await pool.close()


@pytest.mark.parametrize(
    ("answer", "cost"),
    [
        (Accepted("1", "x"), 5),
        (Unknown("lost"), 5),
        (Rejected("bad", retriable=False), 0),
        (TryLater("busy", HOUR), 0),
        (Held("no_money"), 0),
    ],
)
async def test_what_certainly_sent_nothing_costs_nothing(
    database: Database, answer: Outcome, cost: int
) -> None:
    """An answer that is lost may have been an SMS, and counts."""
    await queue(database)
    await make_deliveries(database, Postman(answer), by_day()).send_queued()
    assert [cost, 0] == await spent(database)
    assert [cost] == [row["fen"] for row in await rows(database, "SELECT fen FROM messages")]


async def test_a_number_rests_between_two(database: Database) -> None:
    """Two for one phone and one for another: one each now, the second after the rest."""
    for phone in (PHONE, PHONE, NUMBERS[0]):
        await queue(database, phone)
    vendor, thrift = Postman(), by_day(rest_minutes=5)
    deliveries = make_deliveries(database, vendor, thrift)
    assert [2, 0] == [await deliveries.send_queued() for _ in range(2)]
    await code(database)
    assert 1 == await deliveries.send_queued()
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET sent_at = sent_at - interval '5 minutes'")
    await due_now(database)
    assert 1 == await deliveries.send_queued()
    assert sorted([f"+86{PHONE}"] * 3 + [f"+86{NUMBERS[0]}"]) == sorted(
        sms.phone for sms in vendor.bag
    )


async def ask(database: Database, case: UUID, phone: str = PHONE, revision: int = 1) -> None:
    """A question about a case is due."""
    question = messages.OfACase(
        uuid4(), case, case, "question", SEAL.close(f"+86{phone}", f"phone:{case}"),
        SEAL.index(f"+86{phone}"), occasion=revision, not_before=clock.now() - HOUR,
        expires_at=clock.now() + 10 * HOUR,
    )  # fmt: skip
    async with database.transaction() as conn:
        assert await messages.add_message(conn, question, "t")


async def test_one_question_at_a_time(database: Database) -> None:
    """A second case's question to the same phone waits until no reply to the first counts."""
    one, other = uuid4(), uuid4()
    await ask(database, one)
    await ask(database, other)
    vendor, thrift = Postman(), by_day(reply_hours=2)
    deliveries = make_deliveries(database, vendor, thrift)
    assert 1 == await deliveries.send_queued()
    assert 0 == await deliveries.send_queued()
    await ask(database, uuid4(), NUMBERS[0])
    assert 1 == await deliveries.send_queued()
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET sent_at = sent_at - interval '2 hours'")
    assert 1 == await deliveries.send_queued()


async def test_a_question_before_its_time_waits(database: Database) -> None:
    """It is asked so many hours after the answer, and not at all where it was answered before."""
    case = uuid4()
    await ask(database, case)
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET not_before = mashang_now() + interval '1 minute'")
    deliveries = make_deliveries(database, Postman(), by_day())
    assert 0 == await deliveries.send_queued()
    rated = events.AnswerRated(
        submission_id=case, kind="complaint", unit_code="u", version=1, revision=1, solved=True,
        satisfied=None, rated_at=clock.now(),
    )  # fmt: skip
    async with database.transaction() as conn:
        await WANTED.on_answer_rated(conn, rated)
    found = await rows(database, "SELECT state, code, phone_sealed FROM messages")
    assert [{"state": "failed", "code": "answered", "phone_sealed": None}] == found


async def test_what_was_rated_before_it_was_heard_of_is_not_asked(database: Database) -> None:
    """The rating overtook the verdict; a later verdict is asked about."""
    case = uuid4()
    rated = events.AnswerRated(
        submission_id=case, kind="complaint", unit_code="u", version=1, revision=1, solved=True,
        satisfied=None, rated_at=clock.now(),
    )  # fmt: skip
    async with database.transaction() as conn:
        await WANTED.on_answer_rated(conn, rated)
        for revision in (1, 2):
            asking = Wanted(SEAL, ruled(ask_after_hours=1))
            await asking.on_case_verified(conn, verified(case, revision=revision))
    questions = "SELECT occasion FROM messages WHERE purpose = 'question'"
    assert [{"occasion": 2}] == await rows(database, questions)


async def test_what_nobody_may_send_any_more_is_given_up(database: Database) -> None:
    """A question that waited until it was dead fails, and its phone is forgotten."""
    await ask(database, uuid4())
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET expires_at = mashang_now()")
    assert 1 == await make_deliveries(database, Postman(), by_day()).forget_dead()
    found = await rows(database, "SELECT state, code, phone_sealed FROM messages")
    assert [{"state": "failed", "code": "expired", "phone_sealed": None}] == found
