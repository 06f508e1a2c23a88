"""Pending events: in batches, alone after a failure, and each counted for itself only."""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from deploy.local.settings import ROOT
from shared.bus import inbox, parked, pending
from shared.bus.consuming import Delivery
from shared.db import Connection, Database
from shared.events import CaseVerified
from shared.observe.log import masked
from tests.conftest import Clone, leashed
from tests.integration.test_inbox import (
    Effects,
    box,
    count,
    delivery,
    due_now,
    effects,
    verified,
)

SERVICE = "notifications"
__all__ = ["effects"]


async def stored(database: Database) -> dict[str, tuple[str, int, bool]]:
    """State, attempts and whether alone, by the event's subject."""
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT body, state, attempts, alone FROM inbox_pending")
    return {
        json.loads(row["body"])["subject"]: (row["state"], row["attempts"], row["alone"])
        for row in rows
    }


async def store(database: Database, events: Sequence[CaseVerified], *, alone: bool) -> None:
    """As if an earlier run had put them off."""
    messages = [
        pending.Received(event_id=uuid7(), type=one.type, body=one.body.decode())
        for one in map(delivery, events)
    ]
    async with database.acquire() as conn:
        await pending.store(conn, SERVICE, messages, "put off", alone=alone)


async def commits(database: Database) -> int:
    """How many transactions the service's sessions have committed, from PostgreSQL itself."""
    async with database.acquire() as conn:
        await conn.execute("SELECT pg_stat_clear_snapshot(), pg_stat_force_next_flush()")
        return int(
            await conn.fetchval(
                "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
            )
        )


async def test_many_pending_events_share_a_transaction(
    database: Database, effects: Effects
) -> None:
    """150 events that wait for nothing any more are handled by a handful of commits."""
    await store(database, [verified() for _ in range(150)], alone=False)
    before = await commits(database)
    assert 150 == await box(database, effects).retry()
    assert (150, {}) == (await count(database), await stored(database))
    assert await commits(database) - before < 20


async def test_a_failing_batch_falls_apart_without_a_loss(
    database: Database, effects: Effects
) -> None:
    """One of 60 fails: it alone has an attempt counted; the 59 have one effect each, no more."""
    events = [verified() for _ in range(60)]
    bad = events[30].subject
    effects.fail_on[bad] = RuntimeError("broken")
    await store(database, events, alone=False)
    inbox_ = box(database, effects)
    while await inbox_.retry():
        pass
    assert 59 == await count(database)
    assert {bad: ("pending", 1, False)} == await stored(database)


async def test_what_failed_alone_joins_the_others_again(
    database: Database, effects: Effects
) -> None:
    """When what 40 events missed has come, they are handled together and not one by one."""
    events = [verified() for _ in range(40)]
    effects.fail_on = {event.subject: RuntimeError("broken") for event in events}
    await store(database, events, alone=True)
    inbox_ = box(database, effects)
    await inbox_.retry()
    assert {("pending", 1, False)} == set((await stored(database)).values())
    effects.fail_on.clear()
    await due_now(database)
    before = await commits(database)
    assert 40 == await inbox_.retry()
    assert (40, {}) == (await count(database), await stored(database))
    assert await commits(database) - before < 20


EXCUSED = [
    asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
    asyncpg.DeadlockDetectedError("deadlock detected"),
    asyncpg.SerializationError("could not serialize access"),
    asyncpg.DiskFullError("could not extend file"),
    asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT"),
    ConnectionResetError("the server went away"),
]


@pytest.mark.parametrize("error", EXCUSED, ids=lambda error: type(error).__name__)
async def test_what_is_not_an_events_fault_uses_up_no_attempt(
    database: Database, effects: Effects, error: Exception
) -> None:
    """Far more often than there are attempts: it is still pending, and is handled in the end."""
    event = verified()
    effects.fail_on[event.subject] = error
    await store(database, [event], alone=True)
    inbox_ = box(database, effects)
    for _ in range(inbox.MAX_ATTEMPTS + 3):
        await due_now(database)
        assert 1 == await inbox_.retry()
    assert {event.subject: ("pending", 0, True)} == await stored(database)
    effects.fail_on.clear()
    await due_now(database)
    await inbox_.retry()
    assert (1, {}) == (await count(database), await stored(database))


@pytest.mark.parametrize(
    "error",
    [asyncpg.QueryCanceledError("statement timeout"), asyncpg.InterfaceError("2 arguments")],
    ids=["slow", "a wrong call of ours"],
)
async def test_what_may_be_the_events_fault_is_parked_in_the_end(
    database: Database, effects: Effects, error: Exception
) -> None:
    """An event whose statement takes for ever does not go round for ever."""
    event = verified()
    effects.fail_on[event.subject] = error
    await store(database, [event], alone=True)
    inbox_ = box(database, effects)
    for _ in range(inbox.MAX_ATTEMPTS):
        await due_now(database)
        await inbox_.retry()
    found = await stored(database)
    assert ("parked", inbox.MAX_ATTEMPTS) == found[event.subject][:2]


async def test_a_batch_that_waits_for_a_lock_is_run_again_together(
    database: Database, effects: Effects
) -> None:
    """Nobody's attempt is counted, nobody is set apart, and it does not spin meanwhile."""
    events = [verified() for _ in range(5)]
    effects.fail_on[events[2].subject] = asyncpg.LockNotAvailableError("lock timeout")
    await store(database, events, alone=False)
    inbox_ = box(database, effects)
    assert [5, 0] == [await inbox_.retry(), await inbox_.retry()]
    assert [("pending", 0, False)] * 5 == list((await stored(database)).values())
    effects.fail_on.clear()
    await due_now(database)
    assert 5 == await inbox_.retry()
    assert (5, {}) == (await count(database), await stored(database))


async def test_whichever_way_it_is_put_off_no_phone_is_kept_in_why(conn: Connection) -> None:
    """Beside an event and among its failures stands the error without the phone that was in it."""
    said, after = "broken at 13912345678", timedelta(seconds=1)
    one = delivery(verified())
    event = pending.Received(uuid7(), one.type, one.body.decode())
    await pending.store(conn, SERVICE, [event], said, alone=True)
    claimed = await pending.claim_one(conn, SERVICE)
    await pending.release(conn, SERVICE, claimed, said, after, alone=True)
    kept = [await conn.fetchval("SELECT error FROM inbox_pending")]
    for put_off in (
        pending.mark_failed(conn, SERVICE, event.event_id, said, None),
        pending.mark_excused(conn, SERVICE, event.event_id, said, after),
        pending.park(conn, SERVICE, event.event_id, said),
    ):
        await put_off
        kept.append(await conn.fetchval("SELECT error FROM inbox_pending"))
    kept += [row["error"] for row in await conn.fetch("SELECT error FROM inbox_failures")]
    assert 7 == len(kept)
    assert {masked(said)} == set(kept)
    assert "13912345678" not in masked(said)


async def test_a_replayed_event_may_run_with_others(database: Database, effects: Effects) -> None:
    """A person who mended the cause of many replays them in batches."""
    await store(database, [verified() for _ in range(3)], alone=True)
    async with database.acquire() as conn:
        await conn.execute("UPDATE inbox_pending SET state = 'parked', parked_at = now()")
        assert 3 == await parked.replay(conn)
    assert {("pending", 0, False)} == set((await stored(database)).values())


@pytest.mark.parametrize(
    "text", [r"\u0000", r"\ud800", r"a\u0000b", r"\udfff\ud800"], ids=["nul", "high", "in", "both"]
)
async def test_text_that_no_database_holds_is_parked_at_once(
    database: Database, effects: Effects, text: str
) -> None:
    """NUL or half a character in an envelope: parked, readable to a person; the others go on."""
    body = delivery(verified()).body.replace(b'"language":"zh"', f'"x":"{text}"'.encode())
    bad = Delivery(str(uuid7()), CaseVerified.TYPE, body, 1, 1)
    await box(database, effects).take([bad, delivery(verified())])
    assert 1 == await count(database)
    async with database.acquire() as conn:
        (found,) = await parked.list_parked(conn)
    assert "malformed" in (found.error or "")
    assert text in found.body


async def test_a_deadly_event_is_parked_and_costs_its_neighbours_nothing(clone: Clone) -> None:
    """A process that dies of one event, again and again: it is parked; 30 others are handled."""
    attempts, events = 3, [verified() for _ in range(31)]
    url = await clone(SERVICE)
    database = await Database.connect(url, SERVICE)
    deadly = events[7].subject
    await store(database, events, alone=False)
    deaths = []
    for _ in range(attempts + 2):
        await due_now(database)
        deaths.append(await _dies(url, deadly, attempts))
    # Once in a batch, which counts for nobody, and then alone.
    assert [True] * (attempts + 1) + [False] == deaths
    found = await stored(database)
    assert {deadly: "parked"} == {subject: state for subject, (state, _, _) in found.items()}
    assert 30 == await count(database, "inbox")
    await database.close()


async def _dies(url: str, deadly: str, attempts: int) -> bool:
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "tests.integration.deadly_inbox", url, deadly, str(attempts)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    code = await asyncio.wait_for(process.wait(), 60)
    assert code in (0, 9)
    return code == 9
