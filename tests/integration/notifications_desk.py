"""For tests: the notifications service as it is wired, and its database."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from aiohttp.test_utils import TestClient, TestServer

from services.notifications.service import build
from services.notifications.settings import Settings
from shared import statements
from shared.config import key_ring
from shared.db import Database
from shared.service import Service
from shared.values.seal import Seal
from shared.web.edge import make_app
from tests.integration.notifications_parts import PHONE
from tests.support import SEAL_KEYS
from tests.vendors import SMS, environment

SEED = bytes(32)
ADD = """
    INSERT INTO messages (message_id, case_id, submission_id, purpose, phone_sealed, phone_hash,
        traceparent, state, next_at, called_at, settled_at, created_at)
    VALUES ($1, $1, $1, 'thanks', $2, $3, 'x', $4,
        CASE WHEN $4 IN ('held', 'delivered', 'failed', 'lost') THEN NULL ELSE now() END, now(),
        CASE WHEN $4 IN ('delivered', 'failed', 'lost') THEN now() END,
        now() - make_interval(mins => $5))
"""


def make_settings(seed: bytes = SEED) -> Settings:
    """As the environment would give them; whoever signs in is named under this seed."""
    return Settings.model_validate(
        {
            "DATABASE_URL": "unused", "AMQP_URL": "unused", "http_port": 0, "ops_port": 0,
            **SEAL_KEYS, "identity_public": b64encode(statements.public_key(seed)).decode(),
            "index_key": b64encode(SEED).decode(), "sms_vendors": SMS.name,
            "report_url": "http://127.0.0.1:9",
        }
    )  # fmt: skip


def make_service(settings: Settings, database: Database) -> Service:
    """As it is wired, with a vendor that is away."""
    with patch.dict("os.environ", environment(SMS, "http://127.0.0.1:1")):
        return build(settings, database)


async def add(database: Database, settings: Settings, state: str, minutes: int = 0) -> UUID:
    """An SMS of thanks that came to a state, wanted so many minutes ago."""
    own, seal = uuid4(), Seal({"phone": key_ring(settings.seal_keys_phone)}, settings.index_key)
    sealed = seal.close(f"+86{PHONE}", f"phone:{own}")
    async with database.transaction() as conn:
        await conn.execute(ADD, own, sealed, seal.index(f"+86{PHONE}"), state, minutes)
    return own


@dataclass(frozen=True)
class Counter:
    """The service's application, and its database behind it."""

    client: TestClient[Any, Any]
    settings: Settings
    database: Database


@asynccontextmanager
async def opened(database: Database, seed: bytes = SEED) -> AsyncIterator[Counter]:
    """The service as `build` wires it, on this database."""
    settings = make_settings(seed)
    app = make_app(make_service(settings, database).house)
    async with TestClient(TestServer(app)) as client:
        yield Counter(client, settings, database)
