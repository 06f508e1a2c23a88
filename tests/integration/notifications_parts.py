"""For tests: messages on their way to a sandbox, and what came of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from deploy.sandbox.customer import Client
from services.notifications import handlers
from services.notifications.jobs import Deliveries
from services.notifications.providers.protocol import Provider
from services.notifications.rules import Limits
from shared import events
from shared.db import Database
from shared.values.seal import Seal

PHONE = "13800000088"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SEAL = Seal({"phone": {"1": bytes(32)}})


def make_deliveries(database: Database, vendor: Provider) -> Deliveries:
    """The jobs with a vendor; a missing message may be repeated at once."""
    return Deliveries(database, vendor, SEAL, Limits(settle_after=timedelta()))


def verified(case: UUID, *, seal: Seal = SEAL, revision: int = 1, phone: str = PHONE) -> Any:
    """A verdict on a complaint with a phone."""
    return events.CaseVerified(
        case_id=case, submission_id=case, incident_id=case, revision=revision, kind="complaint",
        unit_code="u", categories=(), verdict="unsubstantiated", attribution="none", officers=(),
        answer_sealed=None, phone_sealed=seal.close(f"+86{phone}", f"phone:{case}"),
        phone_index=None, language="zh", received_at=NOW, verified_at=NOW,
    )  # fmt: skip


async def queue(database: Database, phone: str = PHONE, seal: Seal = SEAL) -> UUID:
    """A case whose thanks are queued; the case's id."""
    case = uuid4()
    async with database.transaction() as conn:
        await handlers.on_case_verified(SEAL, conn, verified(case, seal=seal, phone=phone))
    return case


async def rows(database: Database, sql: str, *args: object) -> list[dict[str, Any]]:
    """Any query."""
    async with database.acquire() as conn:
        return [dict(row) for row in await conn.fetch(sql, *args)]


async def states(database: Database) -> list[str]:
    """The state of every message, oldest first."""
    found = await rows(database, "SELECT state FROM messages ORDER BY message_id")
    return [row["state"] for row in found]


async def due_now(database: Database) -> None:
    """Let the back-off pass."""
    async with database.acquire() as conn:
        await conn.execute("UPDATE messages SET next_at = now() WHERE next_at IS NOT NULL")


async def until(database: Database, deliveries: Deliveries, wanted: str) -> None:
    """Run the jobs until every message is in the wanted state."""
    async with asyncio.timeout(60):
        while {wanted} != set(await states(database)):
            await due_now(database)
            await deliveries.send_queued()
            await deliveries.query_due()


async def settlements(database: Database) -> list[dict[str, Any]]:
    """The data of the message.settled events in the outbox."""
    sql = "SELECT body::jsonb->'data' AS data FROM outbox WHERE type = 'message.settled.v1'"
    return [row["data"] for row in await rows(database, sql)]


async def sent(client: Client) -> int:
    """How many messages the vendor truly took."""
    return int((await client.book())["sms"]["sent_count"])
