"""Replaying and discarding what waits: counted, in batches, once, and on record for good."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.rabbitmq import SERVER, RabbitMQ
from shared.bus import broker, inbox
from shared.bus.consuming import Consumer
from shared.bus.publishing import Letter, open_publisher
from shared.console import acts, payload, waiting
from shared.console.acts import Act, What
from shared.console.waiting import Wanted
from shared.db import Connection, Database
from shared.errors import Conflict, Reject
from shared.events import CaseVerified, SubmissionReceived, wrap
from tests.conftest import eventually
from tests.integration.test_inbox import (
    Effects,
    box,
    count,
    delivery,
    due_now,
    effects,
    pending,
    verified,
)
from tests.samples import SAMPLES, SEALED

SERVICE = "notifications"
__all__ = ["effects"]
RECEIVED = next(event for event in SAMPLES if isinstance(event, SubmissionReceived))
WORD = "the handler was mended"


async def parked(
    database: Database, *, number: int = 1, error: str = "bad", hours: int = 0
) -> None:
    """So many events that wait for a person, since some hours ago."""
    pairs = [wrap(verified(), "verification") for _ in range(number)]
    async with database.acquire() as conn:
        await conn.execute(
            """INSERT INTO inbox_pending (consumer, event_id, type, body, state, attempts, error,
                   parked_at)
               SELECT $1, e.id, 'case.verified.v1', e.body, 'parked', 12, $4,
                   now() - make_interval(hours => $5)
               FROM unnest($2::uuid[], $3::text[]) AS e (id, body)""",
            SERVICE, [one for one, _ in pairs], [body for _, body in pairs], error, hours,
        )  # fmt: skip


async def act(database: Database, what: What, wanted: Wanted, reason: str = WORD) -> Act:
    """Do it to its end, as a process of the service would go on with it."""
    async with database.transaction() as conn:
        act_id = await acts.begin(conn, what, "admin", reason, wanted)
    while await acts.carry_on(database):
        pass
    async with database.acquire() as conn:
        found = await acts.get_act(conn, act_id)
    assert found is not None
    return found


async def used_up(database: Database, effects: Effects, event: CaseVerified) -> UUID:
    """An event whose handler fails until it is parked; its id."""
    effects.fail_on[event.subject] = RuntimeError("broken")
    one = delivery(event)
    await box(database, effects).take([one])
    for _ in range(inbox.MAX_ATTEMPTS):
        await due_now(database)
        await box(database, effects).retry()
    assert one.message_id is not None
    return UUID(one.message_id)


async def test_a_poisoned_event_through_the_broker(
    database: Database, effects: Effects, rabbitmq: RabbitMQ
) -> None:
    """Parked, shown with its story, replayed after mending, handled once; delivered again, not."""
    event = verified()
    effects.fail_on[event.subject] = Reject("never")
    event_id, body = wrap(event, "verification")
    box_ = box(database, effects)
    consumer = Consumer(rabbitmq.amqp_url, SERVICE, 10, box_.take)
    consuming = asyncio.create_task(consumer.consume())
    try:
        async with open_publisher(rabbitmq.amqp_url, SERVICE) as publisher:
            letter = Letter(event_id, event.TYPE, body)
            assert [None] == await publisher.publish([letter])

            async def is_parked() -> bool:
                await box_.retry()
                return [("parked", 1)] == await pending(database)

            await eventually(is_parked, True)
            async with database.acquire() as conn:
                shown = await waiting.get_waiting(conn, event_id)
                story = await waiting.list_steps(conn, event_id)
            assert shown is not None
            assert ("Reject('never')", event.TYPE) == (shown.error, shown.type)
            assert [("failed", 0), ("parked", 1)] == [(one.what, one.number) for one in story]
            effects.fail_on.clear()
            assert 1 == (await act(database, "replay", Wanted(event_id=event_id))).done
            assert 1 == await box_.retry()
            other, wire = wrap(verified(), "verification")
            behind = Letter(other, event.TYPE, wire)
            assert [None, None] == await publisher.publish([letter, behind])

            async def handled() -> tuple[int, list[tuple[str, int]]]:
                return await count(database), await pending(database)

            await eventually(handled, (2, []))
        async with database.acquire() as conn:
            subjects = await conn.fetch("SELECT subject FROM effects")
        assert 1 == [row["subject"] for row in subjects].count(event.subject)
    finally:
        consumer.stop()
        with suppress(asyncio.CancelledError):
            await consuming
    async with database.acquire() as conn:
        story = await waiting.list_steps(conn, event_id)
    told = [(one.what, one.by, one.word) for one in story]
    assert ("replay", "admin", WORD) == told[-1]


async def test_the_story_has_every_attempt(database: Database, effects: Effects) -> None:
    """When it failed, by what, and that it was parked in the end."""
    event_id = await used_up(database, effects, verified())
    async with database.acquire() as conn:
        story = await waiting.list_steps(conn, event_id)
    assert ["failed"] * inbox.MAX_ATTEMPTS + ["parked"] == [one.what for one in story]
    assert [*range(inbox.MAX_ATTEMPTS + 1)] == [one.number for one in story]
    assert {"RuntimeError('broken')"} == {one.word for one in story}
    assert story == sorted(story, key=lambda one: one.at)


async def test_what_fails_again_is_parked_again(database: Database, effects: Effects) -> None:
    """With a fresh set of attempts, and an act that came to its end meanwhile."""
    event_id = await used_up(database, effects, verified())
    done = await act(database, "replay", Wanted())
    assert (1, 1, True) == (done.number, done.done, done.ended_at is not None)
    for _ in range(inbox.MAX_ATTEMPTS):
        await due_now(database)
        await box(database, effects).retry()
    assert [("parked", inbox.MAX_ATTEMPTS)] == await pending(database)
    assert 0 == await acts.carry_on(database)
    assert 1 == (await act(database, "discard", Wanted(event_id=event_id))).done


async def test_a_thousand_are_replayed_in_batches(database: Database, effects: Effects) -> None:
    """Each step is a hundred, and how far it has come can be read between them."""
    await parked(database, number=1000, error="TimeoutError()")
    await parked(database, number=7, error="other")
    seen = []
    async with database.transaction() as conn:
        act_id = await acts.begin(conn, "replay", "admin", WORD, Wanted(error="timeout"))
    while True:
        async with database.acquire() as conn:
            now = await acts.get_act(conn, act_id)
        assert now is not None
        seen.append((now.done, now.number, now.ended_at is not None))
        if not await acts.carry_on(database) and now.ended_at:
            break
    assert [(n, 1000, False) for n in range(100, 1001, 100)] == seen[:10]
    assert {(1000, 1000, True)} == set(seen[10:])
    while await box(database, effects).retry():
        pass
    assert (1000, [("parked", 12)] * 7) == (await count(database), await pending(database))


async def test_two_processes_share_an_act(database: Database, effects: Effects) -> None:
    """Both go on with it at once: each event is replayed and noted once."""
    await parked(database, number=450)
    async with database.transaction() as conn:
        act_id = await acts.begin(conn, "replay", "admin", "", Wanted())
    while any(await asyncio.gather(*(acts.carry_on(database) for _ in range(3)))):
        pass
    while await acts.carry_on(database):
        pass
    async with database.acquire() as conn:
        found = await acts.get_act(conn, act_id)
    assert found is not None
    assert (450, True) == (found.done, found.ended_at is not None)


async def test_what_is_discarded_is_never_handled(database: Database, effects: Effects) -> None:
    """It is gone from what waits, stays on record, and comes to nothing though delivered again."""
    event, other = verified(), verified()
    effects.fail_on[event.subject] = Reject("never")
    one = delivery(event)
    await box(database, effects).take([one, delivery(other)])
    await box(database, effects).retry()
    found = await act(database, "discard", Wanted(), "a test's own")
    effects.fail_on.clear()
    await box(database, effects).take([one])
    assert (1, []) == (await count(database), await pending(database))
    async with database.acquire() as conn:
        (kept,) = await acts.list_touched(conn, found.act_id)
        (noted,) = await acts.list_acts(conn, 2**62)
    assert (one.type, 1, "Reject('never')") == (kept.type, kept.attempts, kept.error)
    assert sha256(one.body).digest() == kept.body_sha256
    assert kept.told is not None
    assert event.subject == json.loads(kept.told)["subject"]
    assert ("discard", "admin", "a test's own", 1) == (
        noted.act, noted.username, noted.reason, noted.number
    )  # fmt: skip


async def test_the_record_cannot_be_changed(
    database: Database, effects: Effects, owner: asyncpg.Connection
) -> None:
    """Neither by the service nor by whom the tables belong to."""
    await parked(database)
    await act(database, "discard", Wanted())
    columns = {"console_acts": "reason", "console_events": "type", "console_ends": "ended_at"}
    for table, column in columns.items():
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            async with database.acquire() as conn:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await conn.execute(statement)
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(statement)


async def test_an_event_that_is_being_handled_is_not_discarded(
    database: Database, effects: Effects
) -> None:
    """Whoever has its id first wins: the act waits, finds it handled, and touches nothing."""
    event = verified()
    one = delivery(event, times=inbox.STORM)
    await box(database, effects).take([one])
    async with database.acquire() as conn, conn.transaction():
        # What a retry does in its transaction: the id, the effect, the row.
        await conn.execute("INSERT INTO inbox VALUES ($1, $2)", SERVICE, UUID(str(one.message_id)))
        await effects(conn, event)
        discarding = asyncio.create_task(act(database, "discard", Wanted(state="pending")))
        await _waits(database)
        await conn.execute("DELETE FROM inbox_pending")
    found = await discarding
    assert (1, 0, True) == (found.number, found.done, found.ended_at is not None)
    assert (1, []) == (await count(database), await pending(database))


async def _waits(database: Database) -> None:
    async def somebody_does() -> bool:
        async with database.acquire() as conn:
            return bool(
                await conn.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock'"
                )
            )

    await eventually(somebody_does, True)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (Wanted(), 6), (Wanted(type="case.verified.v1"), 6), (Wanted(type="x.v1"), 0),
        (Wanted(error="TIMEOUT"), 3), (Wanted(error="100%_"), 2), (Wanted(error="%"), 2),
        (Wanted(hours=5), 2), (Wanted(hours=5, error="timeout"), 0), (Wanted(state="pending"), 0),
        (Wanted(event_id=uuid4()), 0), (Wanted(until=datetime(2020, 1, 1, tzinfo=UTC)), 0),
    ],
)  # fmt: skip
async def test_a_filter_means_what_it_says(database: Database, wanted: Wanted, number: int) -> None:
    """The count, the list and the act agree; what matches nothing is refused and not noted."""
    await parked(database, number=3, error="asyncpg.TimeoutError()")
    await parked(database, number=2, error="100%_ wrong", hours=6)
    await parked(database, error="x")
    now = datetime.now(UTC) + timedelta(minutes=1)
    async with database.acquire() as conn:
        kinds = await waiting.list_kinds(conn, wanted, now)
        listed = await waiting.list_waiting(conn, wanted, now)
    assert (number, number) == (sum(kind.number for kind in kinds), len(listed))
    if number:
        assert number == (await act(database, "replay", wanted)).done
        return
    with pytest.raises(Conflict, match="console_nothing"):
        await act(database, "replay", wanted)
    assert 0 == await count(database, "console_acts")


async def test_what_was_not_seen_is_not_meant(database: Database) -> None:
    """An event that was parked after the count is left alone."""
    await parked(database, number=2)
    async with database.acquire() as conn:
        seen = await conn.fetchval("SELECT now()")
    await asyncio.sleep(0)
    await parked(database, number=3)
    found = await act(database, "discard", Wanted(until=seen))
    assert (2, 2, 3) == (found.number, found.done, len(await pending(database)))


async def test_the_list_goes_on_where_it_ended(database: Database) -> None:
    """The longest waiting first, each once, though many wait since the same moment."""
    await parked(database, number=5)
    await parked(database, number=5, hours=2)
    now, after = datetime.now(UTC) + timedelta(minutes=1), waiting.FIRST
    seen = []
    async with database.acquire() as conn:
        while some := await waiting.list_waiting(conn, Wanted(), now, after, 3):
            seen += some
            after = some[-1].since, some[-1].event_id
    assert 10 == len({one.event_id for one in seen}) == len(seen)
    assert seen == sorted(seen, key=lambda one: (one.since, one.event_id))


async def test_the_story_is_forgotten_the_acts_are_not(
    database: Database, effects: Effects, conn: Connection
) -> None:
    """Failures after ninety days."""
    event_id = await used_up(database, effects, verified())
    await act(database, "replay", Wanted())
    async with database.transaction() as own:
        assert 0 == await waiting.forget_failures(own)
        await own.execute("DELETE FROM inbox_failures WHERE attempt > 0")
    for statement in (
        "INSERT INTO inbox_failures (consumer, event_id, attempt, parked, failed_at)"
        " VALUES ('x', gen_random_uuid(), 1, false, now() - interval '91 days')",
    ):
        await conn.execute(statement)
        assert 1 == await waiting.forget_failures(conn)
    async with database.acquire() as own:
        assert ["failed", "replay"] == [one.what for one in await waiting.list_steps(own, event_id)]


def test_sealed_parts_are_not_shown() -> None:
    """Phones, words and blind indexes are left out, wherever they stand; all else is there."""
    _, body = wrap(RECEIVED, "intake")
    told = payload.told(body)
    assert told is not None
    assert SEALED not in told
    assert str(RECEIVED.phone_index) not in told
    data = json.loads(told)["data"]
    whole = json.loads(body)["data"]
    assert {name for name in whole if whole[name] != data[name]} == {
        "words_sealed", "phone_sealed", "phone_index",
    }  # fmt: skip
    nested = payload.told(
        '{"a": [{"word_sealed": "secret"}], "b": {"phone_index": {"x": "secret"}}}'
    )
    assert nested is not None
    assert "secret" not in nested


@pytest.mark.parametrize(
    "body", ["", "not json", "[1]", "7", "null", '{"a":' * 9000, "\ud7ff", "{'a': 1}", '{"a": 1}x']
)
def test_what_is_no_event_says_nothing(body: str) -> None:
    """Whatever came in its place: no failure, and nothing of it is taken for readable."""
    assert (None, "") == (payload.told(body), payload.subject(body))


async def test_a_broker_without_memory_says_so(rabbitmq: RabbitMQ) -> None:
    """An alarm of RabbitMQ's own: nothing is taken, and why is known; over, it takes again."""
    event_id, body = wrap(verified(), "verification")
    letter = Letter(event_id, CaseVerified.TYPE, body)
    async with open_publisher(rabbitmq.amqp_url, SERVICE) as publisher:
        assert [None] == await publisher.publish([letter])
        await _watermark(rabbitmq, "0.0000001")
        try:
            sending = asyncio.create_task(publisher.publish([letter]))
            await eventually(_blocked, "low on memory")
        finally:
            await _watermark(rabbitmq, "absolute", "1GiB")
        await eventually(_blocked, "")
        await sending
    async with open_publisher(rabbitmq.amqp_url, SERVICE) as publisher:
        assert [None] == await publisher.publish([letter])


async def _blocked() -> str:
    return broker.ALARM.blocked


async def _watermark(rabbitmq: RabbitMQ, *most: str) -> None:
    told = Path(f"/proc/{rabbitmq.pid}/environ").read_bytes().decode().split("\0")
    own = dict(one.split("=", 1) for one in told if "=" in one)
    command = (Path(SERVER).with_name("rabbitmqctl"), "-n", own["RABBITMQ_NODENAME"])
    child = await asyncio.create_subprocess_exec(
        *command, "set_vm_memory_high_watermark", *most, env=own,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await child.communicate()
    assert 0 == child.returncode, said
