"""Several vendors at once: whose a message is, where it goes when one refuses, shares that move."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.notifications.jobs import Deliveries
from services.notifications.rules.messages import Limits
from services.notifications.settings import Weights
from services.notifications.sharing import Several
from services.notifications.store import overview, shares
from shared.db import Database
from shared.vendors.outcomes import Accepted, Done, Held, Outcome, TryLater, Unknown
from tests.integration.notifications_parts import (
    SEAL,
    THRIFT,
    Postman,
    due_now,
    queue,
    rows,
    states,
)

SERVICE = "notifications"
_CALLED = "INSERT INTO attempts VALUES ($1, 1, 'a', now() - interval '5 minutes')"
_ENDED = "INSERT INTO attempt_ends VALUES ($1, 1, $2, now() - make_interval(secs => $3))"
LATER = TryLater("busy", timedelta(hours=1))
PHONES = tuple(f"138000001{number:02}" for number in range(10, 40))


class Post(Postman):
    """A vendor with a name of its own, that is asked as often as it is told."""

    def __init__(self, name: str, answer: Outcome) -> None:
        super().__init__(answer)
        self.name, self.asked = name, 0  # type: ignore[misc]

    async def ask(self, sms: Any, call: Any) -> Outcome:
        """Delivered."""
        self.asked += 1
        return Done("1", "ok")


def several(database: Database, *vendors: Post, weights: Weights | None = None) -> Several:
    """All of them, with equal shares or as told."""
    resting = weights or {vendor.name: 100 // len(vendors) for vendor in vendors}
    takers = frozenset(name for name, points in resting.items() if points)
    limits = Limits(settle_after=timedelta())
    each = {one.name: Deliveries(database, one, SEAL, limits, THRIFT, takers) for one in vendors}
    return Several(database, each, resting)


async def whose(database: Database) -> list[str | None]:
    """The vendors of all messages."""
    return [row["vendor"] for row in await rows(database, "SELECT vendor FROM messages")]


async def test_messages_are_shared_and_stay_with_their_vendor(database: Database) -> None:
    """Both get some, each once; and only its own vendor is asked about each."""
    a, b = Post("a", Accepted("1", "x")), Post("b", Accepted("1", "x"))
    jobs = several(database, a, b)
    for phone in PHONES:
        await queue(database, phone)
    assert len(PHONES) == await jobs.send_queued()
    assert len(PHONES) == len({sms.message_id for sms in a.bag + b.bag})
    assert (True, True) == (len(a.bag) > 0, len(b.bag) > 0)
    await due_now(database)
    assert len(PHONES) == await jobs.query_due()
    assert (len(a.bag), len(b.bag)) == (a.asked, b.asked)
    assert {"delivered"} == set(await states(database))


@pytest.mark.parametrize("refusal", [Held("no_money"), LATER])
async def test_a_definite_refusal_goes_to_the_other_at_once(
    database: Database, refusal: Outcome
) -> None:
    """Every message is sent by the one that sends, and its story says why it changed hands."""
    a, b = Post("a", refusal), Post("b", Accepted("1", "x"))
    jobs = several(database, a, b)
    for phone in PHONES:
        await queue(database, phone)
    while await jobs.send_queued():
        pass
    assert (["b"] * len(PHONES), {"accepted"}) == (
        await whose(database), set(await states(database))
    )  # fmt: skip
    assert (len(PHONES), True) == (len(b.bag), 0 < len(a.bag) < len(PHONES))
    told = await rows(database, "SELECT * FROM message_states WHERE code IS NOT NULL")
    assert ({refusal.code}, len(a.bag)) == ({row["code"] for row in told}, len(told))


async def test_what_may_have_been_sent_goes_nowhere_else(database: Database) -> None:
    """An answer that was lost is its vendor's to explain, however long that takes."""
    a, b = Post("a", Unknown("no_answer")), Post("b", Accepted("1", "x"))
    jobs = several(database, a, b, weights={"a": 100, "b": 0})
    await queue(database)
    await jobs.send_queued()
    after = several(database, a, b)
    assert 0 == await after.send_queued()
    await due_now(database)
    await after.query_due()
    assert (["a"], 1, 0, 0) == (await whose(database), a.asked, b.asked, len(b.bag))
    assert ["delivered"] == await states(database)


async def test_when_all_need_a_person_it_is_held_and_released_afresh(database: Database) -> None:
    """Nobody is called in vain; after the release all of them may be."""
    a, b = Post("a", Held("no_money")), Post("b", Held("no_right"))
    jobs = several(database, a, b)
    await queue(database)
    while await jobs.send_queued():
        pass
    assert (["held"], 1, 1) == (await states(database), len(a.bag), len(b.bag))
    a.answer = b.answer = Accepted("1", "x")
    [row] = await rows(database, "SELECT message_id FROM messages")
    async with database.transaction() as conn:
        await overview.mark_released(conn, row["message_id"])
    await jobs.send_queued()
    assert (["accepted"], 3) == (await states(database), len(a.bag) + len(b.bag))


async def test_when_all_put_it_off_it_waits(database: Database) -> None:
    """After both refused nobody is called again before the time that was asked for."""
    a, b = Post("a", LATER), Post("b", LATER)
    jobs = several(database, a, b)
    await queue(database)
    while await jobs.send_queued():
        pass
    assert (["queued"], 2) == (await states(database), len(a.bag) + len(b.bag))
    [row] = await rows(
        database, "SELECT next_at > now() + interval '50 minutes' AS waits FROM messages"
    )
    assert row["waits"]


async def test_two_instances_agree_on_the_shares(database: Database) -> None:
    """Together they shift the failing vendor's share by one step, and send nothing twice."""
    a, b = Post("a", Unknown("no_answer")), Post("b", Accepted("1", "x"))
    one, two = several(database, a, b), several(database, a, b)
    await one.move_shares()
    for phone in PHONES:
        await queue(database, phone)
    await asyncio.gather(one.send_queued(), two.send_queued())
    assert len(PHONES) == len({sms.message_id for sms in a.bag + b.bag})
    assert len(PHONES) == len(a.bag + b.bag)
    async with database.transaction() as conn:
        await conn.execute("UPDATE vendor_shares SET moved_at = now() - interval '2 minutes'")
    await asyncio.gather(one.move_shares(), two.move_shares())
    async with database.transaction() as conn:
        held, _ = await shares.get(conn)
    assert [("a", 40), ("b", 60)] == [(share.vendor, share.points) for share in held]


async def test_slowness_counts_and_a_phones_own_fault_does_not(database: Database) -> None:
    """Late, missing and refused calls are bad; a phone that is off says nothing of the vendor."""
    ends = {"arrived": 60, "failed": 300, "refused": 1, "late": 299, "missing": 0}
    for phone in PHONES[: len(ends)]:
        await queue(database, phone)
    own = [row["message_id"] for row in await rows(database, "SELECT message_id FROM messages")]
    async with database.transaction() as conn:
        for message_id, (how, seconds) in zip(own, ends.items(), strict=True):
            await conn.execute(_CALLED, message_id)
            if seconds:
                known = "arrived" if how == "late" else how
                await conn.execute(_ENDED, message_id, known, 300 - seconds)
        record = (await shares.get_records(conn))["a"]
    assert (4, 3) == (record.calls, record.bad)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {"a": 100}),
        ("a, b", {"a": 50, "b": 50}),
        ("a,b,c", {"a": 34, "b": 33, "c": 33}),
        ("a:70,b:30", {"a": 70, "b": 30}),
        ("a:100,b:0", {"a": 100, "b": 0}),
        *((wrong, None) for wrong in ("", "a,a", "a:70,b:20", "a:70,b", "a:x", "a:-1,b:101", ",")),
    ],
)
def test_where_shares_rest_is_told(text: str, expected: dict[str, int] | None) -> None:
    """Alike, or a hundred points together; anything else is named at start."""
    read = TypeAdapter(Weights)
    if expected is None:
        with pytest.raises(ValidationError):
            read.validate_python(text)
    else:
        assert expected == read.validate_python(text)
