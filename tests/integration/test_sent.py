"""What was sent is kept for some days, and sent again when somebody asks for it."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from deploy.cli import main
from deploy.local.rabbitmq import RabbitMQ
from shared.bus import days, outbox, sent
from shared.db import Database
from shared.events import ContactErased, Event
from shared.observe import log
from tests.conftest import Clone, eventually
from tests.integration.test_outbox import RECEIVED, clean_queues, drain, relaying, waiting
from tests.town import environ

SERVICE = "intake"
ERASED = ContactErased(submission_id=RECEIVED.submission_id, erased_at=RECEIVED.received_at)
HOUR_AGO = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
_SENT = """
    INSERT INTO sent (seq, event_id, type, body, sent_at)
    VALUES ($1, $2, $3, $4, now() - $5::interval)
"""
__all__ = ["clean_queues"]
Resend = Callable[..., Awaitable[tuple[int, str, str]]]


async def keep(
    database: Database, seq: int, event: Event = RECEIVED, ago: timedelta = timedelta()
) -> UUID:
    """As if the relay had sent it so long ago."""
    row = outbox.letter(event, SERVICE)
    async with database.acquire() as conn:
        await conn.execute(_SENT, seq, row.event_id, row.type, row.body, ago)
    return row.event_id


async def in_outbox(database: Database) -> list[UUID]:
    """What waits, in the order in which it leaves."""
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT event_id FROM outbox ORDER BY seq")
    return [row["event_id"] for row in rows]


@pytest.fixture
async def url(clone: Clone) -> str:
    """A database of its own."""
    return await clone(SERVICE)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """The same, open."""
    opened = await Database.connect(url, SERVICE)
    yield opened
    await opened.close()


@pytest.fixture
def resend(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Resend:
    """The command in a thread of this process: code, out, err."""
    monkeypatch.setattr(log, "configure", lambda *_: None)

    async def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with environ({"DATABASE_URL_INTAKE": url, "MASHANG_DATA": "/nowhere"}):
            code = await asyncio.to_thread(main, ["events", "resend", *arguments])
        return code, *capsys.readouterr()

    return run


async def test_what_was_confirmed_is_kept_once_in_its_order(
    database: Database, rabbitmq: RabbitMQ
) -> None:
    """Each event leaves the outbox for `sent`, with its place and its content."""
    async with relaying(database, rabbitmq):
        async with database.transaction() as conn:
            written = [await outbox.publish(conn, RECEIVED) for _ in range(3)]
        await eventually(lambda: waiting(database), 0)
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT event_id, type, body FROM sent ORDER BY seq")
    assert written == [row["event_id"] for row in rows] == await drain(rabbitmq)
    assert {RECEIVED.TYPE} == {row["type"] for row in rows}
    assert all(str(row["event_id"]) in row["body"] for row in rows)


async def test_days_of_what_was_sent_are_made_and_go(database: Database) -> None:
    """A day's events move into its partition as soon as there is one; a day that is past goes."""
    young, _ = await keep(database, 2), await keep(database, 1, ago=timedelta(days=9))
    await days.keep(database, "sent", timedelta(days=3))
    async with database.acquire() as conn:
        assert [young] == [row["event_id"] for row in await conn.fetch("SELECT * FROM sent")]
        assert 0 == await conn.fetchval("SELECT count(*) FROM sent_default")
        parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'sent'::regclass"
        assert days.AHEAD + 3 == await conn.fetchval(parts)
    await days.keep(database, "sent", timedelta(days=-10))
    async with database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM sent")


async def test_a_service_cannot_change_what_it_has_sent(database: Database) -> None:
    """Its role may add and read, and changes no day by its own name either."""
    await days.keep(database, "sent", timedelta(days=3))
    await keep(database, 1)
    async with database.acquire() as conn:
        parts = [
            row[0]
            for row in await conn.fetch(
                "SELECT inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent = 'sent'::regclass"
            )
        ]
    assert len(parts) > 1
    ways = ("UPDATE {} SET seq = 2", "DELETE FROM {}", "TRUNCATE {}")
    for statement in (way.format(name) for way in ways for name in ("sent", *parts)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.acquire() as conn:
                await conn.execute(statement)


async def test_it_goes_out_again_in_its_order_a_batch_at_a_time(
    database: Database, resend: Resend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever left since then, once even where it was kept twice, and nothing of before."""
    monkeypatch.setattr(sent, "BATCH", 2)
    await keep(database, 1, ago=timedelta(hours=2))
    ids = [await keep(database, seq) for seq in (5, 3, 4)]
    async with database.acquire() as conn:
        await conn.execute(
            "INSERT INTO sent SELECT 9, event_id, type, body FROM sent WHERE seq = 4"
        )
    code, out, err = await resend("--since", HOUR_AGO, "--service", "intake", "--yes")
    assert (0, "") == (code, err)
    assert [ids[1], ids[2], ids[0]] == await in_outbox(database)
    assert "3  submission.received.v1  from intake" in out
    assert ["intake: 2 are in its outbox", "intake: 3 are in its outbox"] == out.splitlines()[-2:]
    assert 0 == (await resend("--since", HOUR_AGO, "--service", "intake", "--yes"))[0]
    assert 3 == len(await in_outbox(database))


async def test_it_asks_first_and_takes_only_the_types_that_were_named(
    database: Database, resend: Resend
) -> None:
    """Without a yes nothing is sent; with one, what was asked for."""
    await keep(database, 1)
    erased = await keep(database, 2, ERASED)
    asked = ("--since", HOUR_AGO, "--service", "intake", "--type", ERASED.TYPE)
    refused = await resend(*asked, stdin="n\n")
    assert (1, "mashang: nothing was sent\n") == (refused[0], refused[2])
    assert [] == await in_outbox(database)
    assert 0 == (await resend(*asked, stdin="y\n"))[0]
    assert [erased] == await in_outbox(database)


async def test_what_no_inbox_knows_any_more_is_left_out(database: Database, resend: Resend) -> None:
    """An event that waited for a week before it left might be handled a second time."""
    old = UUID("01900000-0000-7000-8000-000000000001")  # made in 2024
    async with database.acquire() as conn:
        await conn.execute(_SENT, 1, old, RECEIVED.TYPE, "{}", timedelta())
    code, out, _ = await resend("--since", HOUR_AGO, "--service", "intake", "--yes")
    assert (0, []) == (code, await in_outbox(database))
    assert "intake: 1 are left out" in out
    assert "0 events left since" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "2026-11-27T08:00:00"), "has no zone"),
        (("--since", "yesterday"), "is no time"),
        (("--since", HOUR_AGO, "--service", "nobody"), "choose from intake, verification"),
        (("--since", HOUR_AGO, "--type", "x.v1"), "x.v1 is none"),
        ((), "--since"),
    ],
)
async def test_bad_calls_are_one_line(
    resend: Resend, arguments: tuple[str, ...], told: str
) -> None:
    """What is wrong, and how it is written."""
    code, out, err = await resend(*arguments)
    assert (2, "", 1) == (code, out, len(err.splitlines()))
    assert told in err


async def test_nothing_kept_is_nothing_to_do(resend: Resend) -> None:
    """It asks nothing then, and says so."""
    code, out, err = await resend("--since", HOUR_AGO, "--service", "intake")
    assert (0, "") == (code, err)
    assert out.startswith("0 events left since")
