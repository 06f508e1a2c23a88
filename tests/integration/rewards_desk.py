"""For tests: the rewards service as it is wired, its database, and how its staff speak with it."""

import base64
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from aiohttp.test_utils import TestClient, TestServer

from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import Step
from services.rewards.service import build
from services.rewards.settings import Settings
from shared import config, statements
from shared.access import Operator, Role
from shared.db import Database
from shared.events import UnitChanged
from shared.service import Service
from shared.web.edge import make_app
from tests.integration.test_rewards_decisions import RECEIVED, advance, hear, verified
from tests.integration.test_rewards_jobs import environment

SEED = bytes(range(32))
PHONE = "+8613800004488"


def token(
    username: str, role: Role = "reward_approver", badge: str | None = None
) -> dict[str, str]:
    """The headers of a signed-in operator, who asks for the first time."""
    operator = Operator(username, username, role, "city", badge)
    return {
        "Authorization": f"Bearer {statements.issue(operator, SEED)}",
        "Idempotency-Key": uuid4().hex,
    }


ANN, BEN = "ann", "ben"
PLACE = UnitChanged(
    unit_code="u", name="窗口", parent="市", path=("city", "u"), kind="vehicle", counters=1,
    active=True, version=1,
)  # fmt: skip


class Desk:
    """The service's application, and its database behind it."""

    def __init__(
        self, client: TestClient[Any, Any], settings: Settings, service: Service, database: Database
    ) -> None:
        self.client, self.settings, self.database = client, settings, database
        self.endpoints = service.endpoints
        # Alike where they are masked, and not in a row, for which a reward would be held.
        self._phones = (f"{PHONE[:6]}{n:04}{PHONE[-4:]}" for n in itertools.count())

    async def earn(self, *steps: Step, **changes: Any) -> Reward:
        """A reward, some steps on."""
        submission = uuid4()
        sealed = self.settings.seal.close(next(self._phones), f"phone:{submission}")
        async with self.database.transaction() as conn:
            reward = await hear(
                conn, verified(submission_id=submission, phone_sealed=sealed, **changes)
            )
            assert reward is not None
            return await advance(conn, reward, *steps)

    async def earn_many(self, number: int) -> list[Reward]:
        """So many, two days apart: within what a unit may have in a month."""
        days = (RECEIVED + timedelta(days=2 * n) for n in range(number))
        return [await self.earn(verified_at=day) for day in days]

    async def held(self) -> Reward:
        """The fourth reward of an incident."""
        incident = uuid4()
        return [await self.earn(incident_id=incident) for _ in range(4)][-1]

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a GET, as Ann unless told otherwise."""
        async with self.client.get(path, headers=headers or token(ANN)) as response:
            return response.status, await response.json()

    async def post(
        self, path: str, body: Any, who: str, badge: str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of a POST by a reward approver, with a token made now: they live 60 s."""
        headers = token(who, badge=badge)
        async with self.client.post(path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def approve(
        self, reward: Reward, decision: str, who: str, badge: str | None = None
    ) -> tuple[int, Any]:
        """POST an approval."""
        body = {"decision": decision, "note": "looked into it"}
        return await self.post(f"/api/v1/rewards/{reward.id}/approvals", body, who, badge)

    async def write_off(self, reward: Reward, who: str) -> tuple[int, Any]:
        """POST a signature."""
        body = {"note": "not on the statement"}
        return await self.post(f"/api/v1/rewards/{reward.id}/write-offs", body, who)

    async def age(self, reward: Reward, days: int) -> None:
        """As if it had been sent days ago."""
        async with self.database.acquire() as conn:
            await conn.execute(
                "UPDATE rewards SET sent_at = sent_at - $2::interval,"
                " unknown_at = unknown_at - $2::interval WHERE id = $1",
                reward.id,
                timedelta(days=days),
            )


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Desk]:
    """The service as `build` wires it, on this database."""
    key = base64.b64encode(statements.public_key(SEED)).decode()
    told = environment("http://127.0.0.1:9") | {"MASHANG_IDENTITY_PUBLIC": key}
    with patch.dict("os.environ", told):
        settings = config.load(Settings)
        service = build(settings, database)
    async with database.transaction() as conn:
        await service.handlers[UnitChanged](conn, PLACE)
    async with TestClient(TestServer(make_app(service.house))) as client:
        yield Desk(client, settings, service, database)
