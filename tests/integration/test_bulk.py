"""Handlers that take many events at once: what becomes of each is what would have become of it."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator, Sequence
from itertools import chain, repeat

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMQ
from deploy.local.settings import ROOT
from shared.bus import inbox, outbox, parked
from shared.bus.handling import Bulk, Heard
from shared.bus.inbox import Inbox
from shared.db import Connection, Database
from shared.errors import Reject, Retry
from shared.events import CaseVerified, Event, MessageSettled, RewardPaid
from shared.observe import trace
from tests.conftest import Clone, eventually, leashed
from tests.integration.deadly_consumer import write
from tests.integration.test_inbox import (
    PAID,
    clean_queue,
    consuming,
    count,
    delivery,
    due_now,
    left_in_queue,
    pending,
    send,
    verified,
)
from tests.samples import SAMPLES

SERVICE = "notifications"
SETTLED = next(event for event in SAMPLES if isinstance(event, MessageSettled))
__all__ = ["clean_queue"]


class Many:
    """A handler that writes all its rows with one statement, publishes, and fails as it is told."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.fail_on: dict[str, Iterator[Exception]] = {}

    async def __call__(self, conn: Connection, heard: Sequence[Heard[CaseVerified]]) -> None:
        """A row and an event for each."""
        self.sizes.append(len(heard))
        subjects = [one.event.subject for one in heard]
        await conn.execute("INSERT INTO effects SELECT unnest($1::text[]), 'many'", subjects)
        for one in heard:
            await outbox.publish(conn, SETTLED, one.traceparent)
            if errors := self.fail_on.get(one.event.subject):
                raise next(errors)


async def single(conn: Connection, event: Event) -> None:
    """A handler of one event."""
    await conn.execute("INSERT INTO effects VALUES ($1, 'single')", event.subject)


@pytest.fixture
async def many(database: Database, postgres: Postgres) -> Many:
    """Such a handler, and the table that it writes to."""
    async with database.acquire() as conn:
        name, role = await conn.fetchrow("SELECT current_database(), current_user") or ("", "")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute(
        "CREATE TABLE effects (subject text, way text, nth int GENERATED ALWAYS AS IDENTITY);"
        f"GRANT ALL ON effects TO {role}"
    )
    await owner.close()
    return Many()


def box(database: Database, many: Many) -> Inbox:
    """Verdicts all at once, payments one by one."""
    return Inbox(database, SERVICE, {CaseVerified: Bulk(many), RewardPaid: single})


async def traces(database: Database) -> set[str]:
    """In which traces what was published goes on."""
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT body FROM outbox")
    return {json.loads(row["body"])["traceparent"] for row in rows}


async def test_a_batch_is_one_call(database: Database, many: Many) -> None:
    """50 events: one call, 50 effects, 50 events published, each in its own trace."""
    sent = []
    for _ in range(50):
        trace.start()
        sent.append(delivery(verified()))
    await box(database, many).take(sent)
    assert ([50], 50) == (many.sizes, await count(database))
    assert 50 == len(await traces(database))
    assert {json.loads(one.body)["traceparent"] for one in sent} == await traces(database)


async def test_the_same_event_twice_in_a_batch_is_handled_once(
    database: Database, many: Many
) -> None:
    """Beside each other or apart, and again in the next batch: one effect each."""
    one, other = delivery(verified()), delivery(verified())
    await box(database, many).take([one, one, other, one])
    await box(database, many).take([other, delivery(verified()), one])
    assert ([2, 1], 3) == (many.sizes, await count(database))


async def test_order_is_kept(database: Database, many: Many) -> None:
    """Of one case: verdict, payment, verdict, payment, in the order of their delivery."""
    case = uuid7()
    paid = PAID.model_copy(update={"reward_id": case})
    await box(database, many).take(
        [delivery(one) for one in (verified(case_id=case), paid, verified(case_id=case), paid)]
    )
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT way FROM effects ORDER BY nth")
    assert ["many", "single", "many", "single"] == [row["way"] for row in rows]


@pytest.mark.parametrize("error", [RuntimeError("broken"), Reject("never")], ids=["bad", "reject"])
async def test_one_of_fifty_is_put_off_alone(
    database: Database, many: Many, error: Exception
) -> None:
    """49 are handled at once and told; one waits for an attempt of its own, without any effect."""
    events = [verified() for _ in range(50)]
    many.fail_on[events[25].subject] = repeat(error)
    await box(database, many).take([delivery(event) for event in events])
    assert (49, [("pending", 0)]) == (await count(database), await pending(database))
    assert 49 == await count(database, "outbox")
    assert 49 == await count(database, "inbox")
    async with database.acquire() as conn:
        assert await conn.fetchval("SELECT alone FROM inbox_pending")


async def test_what_is_rejected_is_parked_alone(database: Database, many: Many) -> None:
    """At its own attempt; the 49 others stay as they are."""
    events = [verified() for _ in range(50)]
    many.fail_on[events[25].subject] = repeat(Reject("never"))
    handled = box(database, many)
    await handled.take([delivery(event) for event in events])
    assert 1 == await handled.retry()
    assert (49, [("parked", 1)]) == (await count(database), await pending(database))


async def test_what_kills_every_attempt_is_parked_alone(database: Database, many: Many) -> None:
    """After the last attempt; nobody else has one counted."""
    events = [verified() for _ in range(50)]
    many.fail_on[events[25].subject] = repeat(RuntimeError("broken"))
    handled = box(database, many)
    await handled.take([delivery(event) for event in events])
    for _ in range(inbox.MAX_ATTEMPTS):
        await due_now(database)
        await handled.retry()
    assert (49, [("parked", inbox.MAX_ATTEMPTS)]) == (
        await count(database), await pending(database)
    )  # fmt: skip


@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), Retry(inbox.EXCUSED_AFTER, "not yet")], ids=["bad", "later"]
)
async def test_what_failed_is_handled_once_it_can_be(
    database: Database, many: Many, error: Exception
) -> None:
    """Its id was given back with its effects, so that it is new when it comes again; then once."""
    events = [verified() for _ in range(5)]
    sent = [delivery(event) for event in events]
    many.fail_on[events[2].subject] = repeat(error)
    handled = box(database, many)
    await handled.take(sent)
    many.fail_on.clear()
    await handled.retry()
    await handled.take(sent)
    assert (5, []) == (await count(database), await pending(database))
    assert 5 == await count(database, "outbox")


async def test_a_person_replays_what_was_parked(database: Database, many: Many) -> None:
    """Parked out of a batch and replayed, it has its one effect."""
    events = [verified() for _ in range(5)]
    many.fail_on[events[2].subject] = repeat(Reject("never"))
    handled = box(database, many)
    await handled.take([delivery(event) for event in events])
    await handled.retry()
    many.fail_on.clear()
    async with database.transaction() as conn:
        assert 1 == await parked.replay(conn)
    await handled.retry()
    assert (5, []) == (await count(database), await pending(database))


async def test_a_locked_batch_stays_together(database: Database, many: Many) -> None:
    """What is no event's fault sets nobody apart: the batch is one call again."""
    events = [verified() for _ in range(5)]
    many.fail_on[events[2].subject] = repeat(asyncpg.LockNotAvailableError("lock timeout"))
    handled = box(database, many)
    await handled.take([delivery(event) for event in events])
    assert [("pending", 0)] * 5 == await pending(database)
    many.fail_on.clear()
    await handled.retry()
    assert ([5, 5], 5) == (many.sizes, await count(database))


async def test_a_lock_met_by_one_alone_rolls_all_back(database: Database, many: Many) -> None:
    """A second trouble while each runs by itself: nothing is half done, all of it comes again."""
    events = [verified() for _ in range(5)]

    worse = repeat(asyncpg.LockNotAvailableError("lock timeout"))
    many.fail_on[events[2].subject] = chain([RuntimeError("broken")], worse)
    handled = box(database, many)
    await handled.take([delivery(event) for event in events])
    assert (0, [("pending", 0)] * 5) == (await count(database), await pending(database))
    many.fail_on.clear()
    await handled.retry()
    assert (5, []) == (await count(database), await pending(database))


@pytest.mark.usefixtures("clean_queue")
async def test_killed_between_commit_and_acknowledgement(
    clone: Clone, postgres: Postgres, rabbitmq: RabbitMQ
) -> None:
    """SIGKILL when a batch is committed and not yet acknowledged: each has one effect, none two."""
    url = await clone(SERVICE)
    owner = await asyncpg.connect(postgres.url(url.rpartition("/")[2]))
    await owner.execute("CREATE TABLE effects (subject text); GRANT ALL ON effects TO PUBLIC")
    await send(rabbitmq, 300)
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "tests.integration.deadly_consumer", url, rabbitmq.amqp_url),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert -signal.SIGKILL == await asyncio.wait_for(process.wait(), 60)
    committed = await owner.fetchval("SELECT count(*) FROM effects")
    assert 0 < committed < 300
    database = await Database.connect(url, SERVICE, 2)

    async with consuming(rabbitmq, Inbox(database, SERVICE, {CaseVerified: Bulk(write)})):
        await eventually(lambda: count(database, "inbox"), 300)
        await eventually(lambda: left_in_queue(rabbitmq), 0)
    assert (300, 300) == (
        await count(database, "effects"), await count(database, "inbox")
    )  # fmt: skip
    await owner.close()
    await database.close()
