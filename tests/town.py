"""All five services in one process for tests of the web: real databases, real HTTP, events carried
by hand from each outbox to the handlers that FLOWS names.

Settings come from the launcher's own environment for each service, so that they are the real ones.
"""

import os
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession, CookieJar, web

from deploy.local.keys import Keys
from deploy.local.ports import Ports, free_port
from deploy.local.settings import service_env
from services.intake.accept import codes
from services.verification.directory import commands as directory
from services.verification.signin.passwords import Passwords
from shared import config, flows, policy
from shared.db import Database
from shared.events import Envelope
from shared.service import Service
from shared.web.callers import Outside
from shared.web.edge import make_app
from shared.web.listening import listen
from tests.hashes import make_cheap

PASSWORD = "correct horse battery"
SERVICES = flows.SERVICES
PLACES = """code,name,level,parent
root,中原市,city,
north,北县,county,root
south,南县,county,root
"""
UNITS = """code,name,parent,kind,counters
n1,北县户籍室,north,household,2
n2,北县车管所,north,vehicle,1
s1,南县出入境大厅,south,exit_entry,3
"""
OFFICERS = """badge,name,unit_code,phone
A-1,赵一,n1,+8619900000001
A-2,钱二,n1,
B-1,孙三,s1,
"""
OPERATORS = """username,name,role,scope,badge
north1,周四,unit_operator,n1,A-2
accused,赵一,unit_operator,n1,A-1
southern,吴五,unit_operator,s1,
northern,郑六,county_supervisor,north,
city,王七,city_supervisor,root,
approver,冯八,reward_approver,root,
approver2,陈九,reward_approver,root,
leader,褚十,leadership,root,
auditor,卫十一,auditor,root,
inspector,沈十三,inspection,root,
inspector2,韩十四,inspection,root,
admin,蒋十二,system_admin,root,
security,杨十五,security_admin,root,
audit,朱十六,audit_admin,root,
"""


@contextmanager
def environ(values: Mapping[str, str]) -> Iterator[None]:
    """The process's environment is exactly this for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Town:
    """The services, where they listen, and the secrets they share with nobody.

    Their console asks a Prometheus at port `prometheus`, where nobody listens.
    """

    keys: Keys
    urls: dict[str, str]
    databases: dict[str, Database]
    services: dict[str, Service] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    prometheus: int = field(default_factory=free_port)

    async def carry(self) -> None:
        """Bring every event from its outbox to its consumers, until nothing moves."""
        while letters := await self._letters():
            for producer, body in letters:
                envelope = Envelope.model_validate_json(body)
                event = flows.EVENTS[envelope.type].model_validate(envelope.data)
                for flow in flows.FLOWS:
                    if (flow.event, flow.producer) == (type(event), producer):
                        for consumer in flow.consumers:
                            await self._hear(consumer, event)

    async def _letters(self) -> list[tuple[str, str]]:
        found = []
        for name, database in self.databases.items():
            async with database.acquire() as conn:
                rows = await conn.fetch("DELETE FROM outbox RETURNING seq, body")
            found += [(name, row["body"]) for row in sorted(rows, key=lambda row: row["seq"])]
        return found

    async def _hear(self, consumer: str, event: Any) -> None:
        async with self.databases[consumer].transaction() as conn:
            await self.services[consumer].handlers[type(event)](conn, event)

    def code(self, unit_code: str, *, kiosk: int | None = None) -> str:
        """The code on a window, or of a kiosk."""
        counter = None if kiosk else 1
        return codes.sign({"1": b64decode(self.keys.code_key)}, unit_code, counter, kiosk=kiosk)

    async def complain(self, http: ClientSession, **changed: Any) -> dict[str, Any]:
        """A complaint through the public endpoint, told to everybody; its receipt."""
        answer = await self.hand_in(http, **changed)
        await self.carry()
        return answer

    async def hand_in(self, http: ClientSession, **changed: Any) -> dict[str, Any]:
        """The same, and what follows from it waits in the outbox."""
        body = {
            "code": self.code(changed.pop("unit", "n1")),
            "kind": "complaint",
            "satisfaction": 1,
            "words": "等了一上午没有人",
            "categories": ["nobody_at_window"],
            "phone": "13977770100",
            **changed,
        }
        headers = {"Idempotency-Key": uuid4().hex}
        url = f"{self.urls['intake']}/api/v1/submissions"
        async with http.post(url, json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            assert 201 == response.status, answer
        return answer

    async def case_of(self, submission_id: str) -> UUID:
        """The case that a submission opened."""
        async with self.databases["verification"].acquire() as conn:
            found: UUID = await conn.fetchval(
                "SELECT case_id FROM cases WHERE submission_id = $1", UUID(submission_id)
            )
        return found

    @asynccontextmanager
    async def browser(
        self, username: str = "", language: str = "zh"
    ) -> AsyncIterator[ClientSession]:
        """A browser of its own, signed in at the desk if a name is given."""
        headers = {"Accept": "text/html", "Accept-Language": language}
        # All services live on one host, as behind one proxy; only their ports differ.
        async with ClientSession(headers=headers, cookie_jar=CookieJar(unsafe=True)) as http:
            if username:
                await self.sign_in(http, username)
            yield http

    async def sign_in(self, http: ClientSession, username: str) -> None:
        """Through the desk's form."""
        desk = self.urls["verification"]
        form = {"username": username, "password": PASSWORD}
        async with http.post(
            f"{desk}/desk/sign-in", data=form, headers={"Origin": desk}, allow_redirects=False
        ) as response:
            assert 303 == response.status, await response.text()


@asynccontextmanager
async def town(
    clone: Callable[[str], Awaitable[str]], keys: Keys | None = None
) -> AsyncIterator[Town]:
    """The services, open for business, with a small directory."""
    keys, ports = keys or Keys(), Ports.free()
    async with AsyncExitStack() as stack:
        # People sign in for every page that is looked at.
        make_cheap(stack.enter_context(pytest.MonkeyPatch.context()))
        photos = stack.enter_context(TemporaryDirectory())
        opened = Town(keys, {name: ports.url(name) for name in SERVICES}, {})
        for name in SERVICES:
            url = await clone(name)
            database = await Database.connect(url, name, 4)
            stack.push_async_callback(database.close)
            opened.databases[name] = database
            env = service_env(
                name, ports=ports, keys=keys, database_url=url, amqp_url="amqp://127.0.0.1:1/",
                photos=photos,
            ) | {"MASHANG_PROMETHEUS": f"http://127.0.0.1:{opened.prometheus}"}  # fmt: skip
            opened.settings[name], service = build(name, env, database)
            opened.services[name] = service
            for resource in service.resources:
                await stack.enter_async_context(resource)
            outside = Outside.of(opened.settings[name])
            app = make_app(service.house, outside)
            await stack.enter_async_context(_served(app, ports[name], outside))
        await _fill(opened)
        yield opened


def build(name: str, env: Mapping[str, str], database: Database) -> tuple[Any, Service]:
    """A service by its environment, and its settings."""
    wiring = import_module(f"services.{name}.service")
    with environ(env):
        settings = config.load(import_module(f"services.{name}.settings").Settings)
        return settings, wiring.build(settings, database)


@asynccontextmanager
async def _served(app: web.Application, port: int, outside: Outside) -> AsyncIterator[None]:
    runner = await listen(app, "127.0.0.1", port, outside)
    yield
    await runner.cleanup()


async def _fill(opened: Town) -> None:
    verification = opened.databases["verification"]
    hashed = await Passwords().hash(PASSWORD)
    policies = policy.load(opened.settings["verification"].policy_file)
    for file in (PLACES, UNITS, OFFICERS, OPERATORS):
        async with verification.transaction() as conn:
            seal = opened.settings["verification"].seal
            levels = [level.key for level in policies.editions[-1].levels]
            result = await directory.import_csv(conn, file.encode(), seal, levels)
            assert isinstance(result, directory.Imported), result
            await conn.execute("UPDATE operators SET password_hash = $1", hashed)
    await opened.carry()
