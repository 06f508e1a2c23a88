"""What the bus keeps in the database, seen within one transaction: parked events, letters."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import orjson
import pytest

from shared.bus import outbox, parked
from shared.db import Connection
from shared.errors import NotOurEvent
from tests.samples import SAMPLES

SERVICE = "notifications"
OURS = next(event for event in SAMPLES if event.TYPE == "message.settled.v1")
THEIRS = next(event for event in SAMPLES if event.TYPE == "case.verified.v1")
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


async def park(conn: Connection, hours: int = 0, state: str = "parked") -> UUID:
    """An event that was set aside so many hours after noon."""
    event_id = uuid4()
    await conn.execute(
        """INSERT INTO inbox_pending
               (consumer, event_id, type, body, state, attempts, error, parked_at)
           VALUES ($1, $2, 'case.verified.v1', '{"x": 1}', $3, 12, 'RuntimeError()',
                   CASE WHEN $3 = 'parked' THEN $4::timestamptz END)""",
        SERVICE, event_id, state, NOON + timedelta(hours=hours),
    )  # fmt: skip
    return event_id


async def states(conn: Connection) -> dict[UUID, tuple[str, int]]:
    """State and attempts by id."""
    rows = await conn.fetch("SELECT event_id, state, attempts FROM inbox_pending")
    return {row["event_id"]: (row["state"], row["attempts"]) for row in rows}


async def test_the_longest_parked_stands_first(conn: Connection) -> None:
    """In the order in which a person should look at them; what is pending is none of theirs."""
    ids = [await park(conn, hours) for hours in (3, 1, 2)]
    await park(conn, state="pending")
    found = await parked.list_parked(conn)
    assert [ids[1], ids[2], ids[0]] == [one.event_id for one in found]
    assert [ids[1]] == [one.event_id for one in await parked.list_parked(conn, 1)]
    assert [] == await parked.list_parked(conn, 0)


async def test_one_is_shown_whole(conn: Connection) -> None:
    """With its bytes and its error, as long as it is parked."""
    event_id, waiting = await park(conn), await park(conn, state="pending")
    wanted = parked.Parked(event_id, "case.verified.v1", 12, "RuntimeError()", NOON, '{"x": 1}')
    assert wanted == await parked.get_parked(conn, event_id)
    assert await parked.get_parked(conn, waiting) is None
    assert await parked.get_parked(conn, uuid4()) is None


async def test_one_is_replayed_alone(conn: Connection) -> None:
    """With a fresh set of attempts and due at once; the others stay where they are."""
    one, other = await park(conn), await park(conn)
    assert 1 == await parked.replay(conn, one)
    assert {one: ("pending", 0), other: ("parked", 12)} == await states(conn)
    assert await conn.fetchval(
        "SELECT next_at <= now() FROM inbox_pending WHERE event_id = $1", one
    )
    assert 0 == await parked.replay(conn, one)


async def test_all_are_replayed_together(conn: Connection) -> None:
    """After a common cause was mended; what was pending keeps its attempts."""
    both, pending = {await park(conn), await park(conn)}, await park(conn, state="pending")
    assert 2 == await parked.replay(conn)
    assert dict.fromkeys(both, ("pending", 0)) | {pending: ("pending", 12)} == await states(conn)
    assert 0 == await parked.replay(conn)
    assert 0 == await parked.replay(conn, uuid4())


async def letters(conn: Connection) -> list[UUID]:
    """The outbox in its order."""
    return [row["event_id"] for row in await conn.fetch("SELECT event_id FROM outbox ORDER BY seq")]


async def test_what_is_published_is_a_row_at_once(conn: Connection) -> None:
    """Outside a batch each event is written where it is said, in its order."""
    ids = [await outbox.publish(conn, OURS) for _ in range(3)]
    assert ids == await letters(conn)


async def test_a_batch_writes_at_its_end(conn: Connection) -> None:
    """Nothing before, everything after, in the order in which it was said."""
    async with outbox.collecting(conn):
        ids = [await outbox.publish(conn, OURS) for _ in range(3)]
        assert [] == await letters(conn)
    assert ids == await letters(conn)
    assert [*ids, await outbox.publish(conn, OURS)] == await letters(conn)


async def test_a_batch_that_fails_writes_nothing(conn: Connection) -> None:
    """And the next one begins empty."""
    with pytest.raises(ZeroDivisionError):
        await _publish_and_fail(conn)
    async with outbox.collecting(conn):
        pass
    assert [] == await letters(conn)


async def _publish_and_fail(conn: Connection) -> None:
    async with outbox.collecting(conn):
        await outbox.publish(conn, OURS)
        raise ZeroDivisionError


async def test_nobody_says_what_is_anothers(conn: Connection) -> None:
    """Neither at once nor in a batch."""
    with pytest.raises(NotOurEvent, match="belongs to verification, not to notifications"):
        await outbox.publish(conn, THEIRS)
    with pytest.raises(NotOurEvent):
        async with outbox.collecting(conn):
            await outbox.publish(conn, THEIRS)
    assert [] == await letters(conn)


async def test_a_letter_is_the_envelope(conn: Connection) -> None:
    """Type and id stand beside it for the relay, and in it for the reader."""
    event_id = await outbox.publish(conn, OURS)
    row = await conn.fetchrow("SELECT event_id, type, body FROM outbox")
    assert row is not None
    told = orjson.loads(row["body"])
    assert (event_id, OURS.TYPE) == (row["event_id"], row["type"])
    assert (str(event_id), OURS.TYPE, "/mashang/notifications") == (
        told["id"], told["type"], told["source"],
    )  # fmt: skip
