"""For tests: the scoring service as it is wired, with a small tree of units and its officers."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiohttp.test_utils import TestClient, TestServer

from services.scoring.service import build
from services.scoring.settings import Settings
from shared import events, statements
from shared.access import Role
from shared.db import Database
from shared.service import Service
from shared.web.edge import make_app
from tests.integration.scoring_parts import verdict
from tests.integration.staff_tab import Tab, somebody

SEED = bytes(32)
# Two counties under one city; each unit has an officer of its own.
TREE = {"n1": "north", "n2": "north", "s1": "south"}


@dataclass
class Scores:
    """The service's application, and its database behind it."""

    client: TestClient[Any, Any]
    database: Database
    service: Service

    async def hear(self, *told: Any) -> None:
        """Handle events, as they come from the bus."""
        async with self.database.transaction() as conn:
            for event in told:
                await self.service.handlers[type(event)](conn, event)

    async def judge(self, unit: str, **changes: Any) -> UUID:
        """A complaint about the unit's officer, found true; the case."""
        case = changes.pop("case_id", None) or uuid4()
        named = {"unit_code": unit, "officers": (f"P-{unit}",)}
        await self.hear(verdict(case, **named | changes))
        return case

    async def get(self, path: str, role: Role = "city_supervisor", scope: str = "city") -> Any:
        """Status and JSON of a GET."""
        token = statements.issue(somebody(role, scope), SEED)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.get(path, headers=headers) as response:
            return response.status, await response.json()

    def tab(self, role: Role, scope: str = "city", language: str = "zh") -> Tab:
        """A browser at the service's pages."""
        return Tab(self.client, SEED, somebody(role, scope), language)


def unit(code: str, county: str, *, active: bool = True, version: int = 1) -> events.UnitChanged:
    """A unit's place in the tree."""
    return events.UnitChanged(
        unit_code=code, name=f"窗口{code}", parent=f"县{county}", path=("city", county, code),
        kind="household", counters=1, active=active, version=version,
    )  # fmt: skip


def officer(code: str, version: int = 1) -> events.OfficerChanged:
    """The officer of a unit."""
    return events.OfficerChanged(
        badge=f"P-{code}", name=f"民警{code}", unit_code=code, active=True, phone_index=None,
        version=version,
    )  # fmt: skip


@asynccontextmanager
async def opened(database: Database, desk: str = "") -> AsyncIterator[Scores]:
    """The service on this database, with its tree; `desk` is where its pages lead for a case."""
    settings = Settings.model_validate(
        {
            "DATABASE_URL": "unused",
            "AMQP_URL": "unused",
            "http_port": 0,
            "ops_port": 0,
            "policy_file": Path("deploy/policy.toml"),
            "identity_public": b64encode(statements.public_key(SEED)).decode(),
            "staff_urls": {"verification": desk} if desk else {},
        }
    )
    service = build(settings, database)
    async with TestClient(TestServer(make_app(service.house))) as client:
        scores = Scores(client, database, service)
        for code, county in TREE.items():
            await scores.hear(unit(code, county), officer(code))
        yield scores
