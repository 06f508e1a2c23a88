"""For tests: messages on their way to a sandbox, and what came of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from deploy.sandbox.customer import Client
from services.notifications.handlers import Wanted
from services.notifications.jobs import Deliveries
from services.notifications.providers.protocol import Call, Provider, Sms
from services.notifications.rules.messages import Limits
from services.notifications.rules.sparing import Thrift
from shared import events, policy
from shared.db import Database
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal
from shared.vendors.outcomes import Accepted, Done, Outcome

PHONE = "13800000088"
CODE, LIFE = "048213", timedelta(minutes=10)
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SEAL = Seal({"phone": {"1": bytes(32)}}, bytes(32))


def ruled(**changed: object) -> Policies:
    """The shipped policy with other numbers for SMS; without `ask_after_hours` nobody is asked."""
    edition = policy.load(Path("deploy/policy.toml")).editions[-1]
    rule = edition.messages.model_copy(update={"ask_after_hours": None} | changed)
    return Policies([edition.model_copy(update={"messages": rule})])


# Costs nothing, and waits for no hour.
THRIFT = Thrift(ruled(), patient=False)
WANTED = Wanted(SEAL, ruled())


class Postman(Provider):
    """A vendor that notes what it is given, and answers as it is told."""

    name = "postman"

    def __init__(self, answer: Outcome = Accepted("1", "x")) -> None:  # noqa: B008  frozen
        self.answer, self.bag = answer, list[Sms]()

    async def send(self, sms: Sms) -> Outcome:
        """Into the bag."""
        self.bag.append(sms)
        return self.answer

    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """Delivered."""
        return Done("1", "ok")

    def read_report(self, body: bytes) -> list[str]:
        """Never reports here."""
        raise NotImplementedError

    @property
    def purposes(self) -> list[str]:
        """What was sent, in order."""
        return [sms.purpose for sms in self.bag]


def requested(**changed: Any) -> events.OtpRequested:
    """A code for a phone, asked for now."""
    own, submission = uuid4(), uuid4()
    values = {
        "otp_id": own, "submission_id": submission,
        "phone_sealed": SEAL.close(f"+86{PHONE}", f"phone:{submission}"),
        "code_sealed": SEAL.close(CODE, f"code:{own}"), "language": "zh",
        "requested_at": clock.now(), "expires_at": clock.now() + LIFE,
    }  # fmt: skip
    return events.OtpRequested.model_validate(values | changed)


def make_deliveries(database: Database, vendor: Provider, thrift: Thrift = THRIFT) -> Deliveries:
    """The jobs with a vendor; a missing message may be repeated at once."""
    return Deliveries(database, vendor, SEAL, Limits(settle_after=timedelta()), thrift)


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
        await WANTED.on_case_verified(conn, verified(case, seal=seal, phone=phone))
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
