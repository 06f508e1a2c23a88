"""A small bureau for verification's tests: three units, a handful of people, and their browsers."""

import atexit
import base64
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiohttp.test_utils import TestClient, TestServer

from services.verification.directory import commands as directory
from services.verification.directory.commands import Imported
from services.verification.service import build
from services.verification.settings import Settings
from services.verification.signin.rules import SESSION_LIFETIME
from services.verification.signin.store import sessions
from shared.db import Database
from shared.errors import MashangError
from shared.events import Envelope, Event, SubmissionReceived
from shared.service import Service
from shared.values import clock
from shared.web.callers import Outside
from shared.web.edge import make_app
from tests.support import INDEX_KEY, SEAL_KEYS

SEED = bytes(range(32))
PASSWORD = "correct horse battery"
PHONE = "+8613800138000"
UNIT, OTHER_UNIT, FAR_UNIT = "Han.dong", "Runan-bu", "Donggao_1"
LEVELS = ("city", "county", "unit")

PLACES = """code,name,level,parent
ZMD,驻马店市,city,
ZY,正阳县,county,ZMD
YC,驿城区,county,ZMD
"""

UNITS = f"""code,name,parent,kind,counters
{UNIT},寒冻派出所户籍室,ZY,household,2
{OTHER_UNIT},汝南埠派出所户籍室,ZY,household,1
{FAR_UNIT},东高派出所户籍室,YC,household,3
"""
OFFICERS = f"""badge,name,unit_code,phone
170001,甲,{UNIT},+8619900000001
170002,乙,{UNIT},+8619900000002
170003,丙,{OTHER_UNIT},
170009,丁,{UNIT},
"""
OPERATORS = f"""username,name,role,scope,badge
desk,值班员,unit_operator,{UNIT},170009
accused,甲,unit_operator,{UNIT},170001
neighbour,邻所,unit_operator,{OTHER_UNIT},
county,县督导,county_supervisor,ZY,
county2,县督导二,county_supervisor,ZY,
elsewhere,区督导,county_supervisor,YC,
city,市督导,city_supervisor,ZMD,
city2,市督导二,city_supervisor,ZMD,
auditor,审计,auditor,ZMD,
inspector,纪远山,inspection,ZMD,
inspector2,邢正清,inspection,ZMD,
admin,管理员,system_admin,ZMD,
security,安全员,security_admin,ZMD,
audit,审计员,audit_admin,ZMD,
leader,局领导,leadership,ZMD,
"""

Body = Mapping[str, Any]


@cache
def by_hand() -> Path:
    """The policy as shipped, but nobody gets a case by itself: who leads it a test says."""
    shipped = (Path(__file__).parents[2] / "deploy" / "policy.toml").read_text("utf-8")
    assert 1 == shipped.count("automatic = true")
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    written = folder / "policy.toml"
    written.write_text(shipped.replace("automatic = true", "automatic = false"), "utf-8")
    return written


def settings(**changed: Any) -> Settings:
    """As on a developer's machine."""
    return Settings.model_validate(
        {
            "DATABASE_URL": "postgresql://unused",
            "AMQP_URL": "amqp://unused",
            "http_port": 0,
            "ops_port": 0,
            **SEAL_KEYS,
            "index_key": INDEX_KEY,
            "identity_seed": base64.b64encode(SEED).decode(),
            "second_factor": "optional",
            "policy_file": by_hand(),
            **changed,
        }
    )


@dataclass
class Answer:
    """A status, its JSON, and its text."""

    status: int
    json: Any
    text: str = field(repr=False, default="")


async def open_session(database: Database, username: str) -> str:
    """A session's token, without the work of checking a password."""
    token, now = secrets.token_urlsafe(32), clock.now()
    async with database.acquire() as conn:
        hashed = sha256(token.encode()).digest()
        await sessions.add_session(conn, hashed, username, now, now + SESSION_LIFETIME)
    return token


class Office:
    """The service on a database of its own, with the small directory in it."""

    def __init__(
        self, database: Database, client: TestClient[Any, Any], chosen: Settings, service: Service
    ) -> None:
        self.database, self.client, self.settings = database, client, chosen
        self.service = service
        self.seal = chosen.seal
        self.origin = str(client.make_url("/")).rstrip("/")

    async def hear(self, event: Event) -> None:
        """Give the service an event."""
        async with self.database.transaction() as conn:
            await self.service.handlers[type(event)](conn, event)

    def submission(self, **changed: Any) -> SubmissionReceived:
        """A complaint with a phone and words, as intake would tell of it."""
        submission_id = changed.pop("submission_id", None) or uuid4()
        phone, words = changed.pop("phone", PHONE), changed.pop("words", "排了两小时的队")
        values: dict[str, Any] = {
            "submission_id": submission_id,
            "kind": "complaint",
            "unit_code": UNIT,
            "satisfaction": 1,
            "categories": ("inefficiency",),
            "phone_sealed": phone and self.seal.close(phone, f"phone:{submission_id}"),
            "phone_index": phone and self.seal.index(phone),
            "words_sealed": words and self.seal.close(words, f"words:{submission_id}"),
            "received_at": clock.now(),
        }
        return SubmissionReceived.model_validate(values | changed)

    async def case(self, **changed: Any) -> UUID:
        """A case; its id."""
        event = self.submission(**changed)
        await self.hear(event)
        async with self.database.acquire() as conn:
            found: UUID = await conn.fetchval(
                "SELECT case_id FROM cases WHERE submission_id = $1", event.submission_id
            )
        return found

    async def events(self, event_type: str) -> list[dict[str, Any]]:
        """What the service has said, oldest first."""
        async with self.database.acquire() as conn:
            rows = await conn.fetch(
                "SELECT body FROM outbox WHERE type = $1 ORDER BY seq", event_type
            )
        return [Envelope.model_validate_json(row["body"]).data for row in rows]

    async def token(self, username: str) -> str:
        """A session, without the work of checking a password."""
        return await open_session(self.database, username)

    async def ask(
        self, who: str, method: str, path: str, body: Body | None = None, key: str = ""
    ) -> Answer:
        """A call of the API, under a key of its own unless one is given."""
        headers = {"Authorization": f"Bearer {await self.token(who)}"}
        headers["Idempotency-Key"] = key or uuid4().hex
        async with self.client.request(
            method, f"/api/v1/{path}", json=body, headers=headers
        ) as response:
            text = await response.text()
            is_json = response.content_type.endswith("json")
            return Answer(response.status, await response.json(content_type=None) if is_json else
                          None, text)  # fmt: skip

    async def judge(self, who: str, case_id: UUID, **changed: Any) -> Answer:
        """Record a verdict."""
        body = {
            "verdict": "substantiated",
            "attribution": "unit",
            "finding": "监控显示属实",
            "answer": "情况属实,已整改",
            "revision": 0,
        }
        return await self.ask(who, "POST", f"cases/{case_id}/verdicts", body | changed)

    async def review(self, who: str, case_id: UUID, revision: int, **changed: Any) -> Answer:
        """Confirm a verdict."""
        body = {"decision": "confirm", "revision": revision} | changed
        return await self.ask(who, "POST", f"cases/{case_id}/reviews", body)

    async def browse(
        self, who: str, path: str, form: Body | None = None, origin: str | None = None
    ) -> Answer:
        """A page, or a form sent from it; redirects are not followed."""
        token = await self.token(who) if who else ""
        headers = {"Cookie": f"mashang={token}", "Accept": "text/html"}
        if form is not None:
            headers["Origin"] = self.origin if origin is None else origin
        method = "GET" if form is None else "POST"
        async with self.client.request(
            method, path, data=form, headers=headers, allow_redirects=False
        ) as response:
            location = response.headers.get("Location")
            return Answer(response.status, location, await response.text())


async def import_all(
    database: Database, *files: str, levels: Sequence[str] = LEVELS
) -> list[Imported]:
    """Import CSV texts; each must be accepted."""
    done, seal = [], settings().seal
    for file in files:
        async with database.transaction() as conn:
            result = await directory.import_csv(conn, file.encode(), seal, levels)
        if not isinstance(result, Imported):
            raise MashangError(str(result))
        done.append(result)
    return done


@asynccontextmanager
async def office(database: Database, **changed: Any) -> AsyncIterator[Office]:
    """The bureau, open for business."""
    await import_all(database, PLACES, UNITS, OFFICERS, OPERATORS)
    async with opened(database, **changed) as bureau:
        yield bureau


@asynccontextmanager
async def opened(
    database: Database, port: int | None = None, **changed: Any
) -> AsyncIterator[Office]:
    """The service on a directory that is there already, at this port or at any."""
    chosen = settings(**changed)
    service = build(chosen, database)
    app = make_app(service.house, Outside.of(chosen))
    async with TestClient(TestServer(app, port=port)) as client:
        yield Office(database, client, chosen, service)
