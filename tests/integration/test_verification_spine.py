"""Verification over HTTP on a real database: directory, cases, callbacks, verdicts, reviews."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.verification import directory
from services.verification.directory import Imported
from services.verification.service import build
from services.verification.settings import Settings
from shared import identity
from shared.db import Database
from shared.events import Envelope, SubmissionReceived
from shared.testing import INDEX_KEY, SEAL_KEYS
from shared.web import make_app

SERVICE = "verification"
DEMO = Path("deploy/demo")
PASSWORD = "a long enough password"
UNIT = "411724006"
SEED = bytes(range(32))


@pytest.fixture
def settings() -> Settings:
    """As a developer's machine has them."""
    return Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://unused",
            "AMQP_URL": "amqp://unused",
            "http_port": 0,
            "ops_port": 0,
            "seal_keys": SEAL_KEYS,
            "index_key": INDEX_KEY,
            "identity_seed": base64.b64encode(SEED).decode(),
        }
    )


async def test_spine(database: Database, settings: Settings) -> None:
    """Smoke."""
    service = build(settings, database)
    seal = settings.seal
    for name in ("units", "officers", "operators"):
        async with database.transaction() as conn:
            done = await directory.import_csv(
                conn, (DEMO / f"{name}.csv").read_bytes(), seal, first_password=PASSWORD
            )
            print(done)
    sid = uuid4()
    event = SubmissionReceived(
        submission_id=sid, kind="complaint", unit_code=UNIT, satisfaction=1,
        categories=("inefficiency",), words_sealed=seal.close("慢", f"words:{sid}"),
        phone_sealed=seal.close("+8613800138000", f"phone:{sid}"),
        phone_index=seal.index("+8613800138000"), received_at=datetime.now(UTC),
    )
    async with database.transaction() as conn:
        await service.handlers[SubmissionReceived](conn, event)
    app = make_app(service.routes, service.error_page)
    async with TestClient(TestServer(app)) as client:
        async def sign_in(name):
            r = await client.post("/api/v1/sessions", json={"username": name, "password": PASSWORD})
            body = await r.json()
            assert r.status == 201, body
            return {"Authorization": f"Bearer {body['token']}"}
        hd = await sign_in("handong")
        r = await client.get("/api/v1/cases", headers=hd)
        body = await r.json(); print(body)
        cid = body["cases"][0]["case_id"]
        r = await client.post(f"/api/v1/cases/{cid}/callbacks", headers=hd, json={"outcome": "reached", "note": "好"})
        print(r.status, await r.text())
        r = await client.post(f"/api/v1/cases/{cid}/verdicts", headers=hd, json={"verdict": "unsubstantiated", "attribution": "none", "finding": "f", "answer": "a", "revision": 0})
        print(r.status, await r.text())
        r = await client.post(f"/api/v1/cases/{cid}/reviews", headers=await sign_in("zhengyang"), json={"decision": "confirm"})
        print(r.status, await r.text())
        r = await client.get("/api/v1/figures"); print(await r.text())
        r = await client.post("/api/v1/statements", headers=hd); print(r.status, await r.text())
        r = await client.get("/desk/sign-in"); print(r.status)
        origin = {"Origin": str(client.make_url("")).rstrip("/")}
        r = await client.post("/desk/sign-in", data={"username": "city1", "password": PASSWORD}, headers=origin)
        print(r.status, r.url, (await r.text())[:3000])
        r = await client.get("/desk?state=all"); print(r.status, cid in await r.text())
        r = await client.get(f"/desk/cases/{cid}"); print(r.status, await r.text())
        assert 0
