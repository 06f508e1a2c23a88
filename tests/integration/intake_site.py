"""A running intake for the tests: its routes behind a real socket, on a database of its own."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from services.intake.accept import codes
from services.intake.service import build
from services.intake.settings import Settings
from shared import statements
from shared.access import Operator
from shared.config import key_ring
from shared.db import Database
from shared.events import Event, UnitChanged
from shared.service import Service
from shared.web.callers import Outside
from shared.web.edge import make_app
from tests.support import INDEX_KEY, SEAL_KEYS

UNIT = "411700002"
PUBLIC = "https://mashang.example"
SEED = bytes(32)


def _key(filling: str) -> str:
    return base64.b64encode(filling.encode() * 32).decode()


def settings(**changed: object) -> Settings:
    """Settings that need no environment."""
    return Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://unused",
            "AMQP_URL": "amqp://unused",
            "http_port": 0,
            "ops_port": 0,
            "public_url": PUBLIC,
            **SEAL_KEYS,
            "index_key": INDEX_KEY,
            "code_keys": f"1:{_key('c')}",
            "receipt_key": _key("r"),
            "signing_key": _key("s"),
            "identity_public": base64.b64encode(statements.public_key(SEED)).decode(),
            **changed,
        }
    )


def code(unit_code: str = UNIT, counter: int | None = None) -> str:
    """A genuine code of a window."""
    return codes.sign(key_ring(settings().code_keys), unit_code, counter)


def body(**changed: object) -> dict[str, Any]:
    """A complaint that is right in every field."""
    complaint: dict[str, Any] = {
        "code": code(counter=3),
        "kind": "complaint",
        "satisfaction": 1,
        "categories": ["nobody_at_window"],
        "words": "去办身份证，14时47分了还没有人",
        "phone": "138 0013 8000",
    }
    return {name: value for name, value in (complaint | changed).items() if value is not None}


class Site:
    """A client of a running intake."""

    def __init__(
        self, client: "TestClient[Any, Any]", database: Database, service: Service
    ) -> None:
        self.client, self.database, self.service = client, database, service

    async def refresh(self) -> None:
        """Run every job once."""
        for job in self.service.jobs:
            await job.run()

    async def submit(self, key: str | None, **changed: object) -> ClientResponse:
        """Post a complaint with some fields changed; None leaves a field out."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        return await self.client.post("/api/v1/submissions", json=body(**changed), headers=headers)

    async def figures(self) -> dict[str, Any]:
        """The exact counts, as leadership reads them."""
        token = statements.issue(Operator("leader", "何振东", "leadership", "411700"), SEED)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.get("/api/v1/figures", headers=headers) as answer:
            assert 200 == answer.status
            told: dict[str, Any] = await answer.json()
            return told

    async def form(self, **fields: str) -> ClientResponse:
        """Post the form of UNIT."""
        return await self.client.post(
            f"/w/{code()}", data=fields, headers={"Accept": "text/html"}, allow_redirects=False
        )

    async def add_unit(self, *, active: bool = True) -> None:
        """Tell intake of UNIT, as the directory would."""
        event = UnitChanged(
            unit_code=UNIT, name="驻马店市公安局车辆管理所业务大厅", parent="驻马店市",
            path=("411700", UNIT), kind="vehicle", counters=6, active=active, version=2,
        )  # fmt: skip
        await self.tell(event)

    async def tell(self, *events: Event) -> None:
        """Hand events to the service's own handlers."""
        async with self.database.transaction() as conn:
            for event in events:
                await self.service.handlers[type(event)](conn, event)

    async def fetch(self, sql: str, *values: object) -> list[Any]:
        """What the database says."""
        async with self.database.acquire() as conn:
            return list(await conn.fetch(sql, *values))


@asynccontextmanager
async def site(
    database: Database, secure: bool = False, /, **changed: object
) -> AsyncIterator[Site]:
    """Intake as `shared.life.run` would serve it, without the broker; `secure` behind TLS."""
    chosen = settings(**changed)
    service = build(chosen, database)
    async with AsyncExitStack() as stack:
        for resource in service.resources:
            await stack.enter_async_context(resource)
        app = make_app(service.house, Outside(secure=secure, proxies=chosen.trusted_proxies))
        client = await stack.enter_async_context(TestClient(TestServer(app)))
        yield Site(client, database, service)
