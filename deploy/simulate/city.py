"""All five services in one process, on real databases: their own handlers, endpoints and jobs, with
events carried in memory from each outbox to the inboxes that FLOWS names, on one movable clock.

Nothing listens and nobody signs in: an endpoint's handler is called with what a request would be.
What is `down` hears nothing and does nothing by the clock; its events wait, as at the broker.
"""

import asyncio
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg

from deploy.local.keys import Keys
from deploy.simulate.vendors import Texts
from services.intake import commands as intake
from shared import config, flows
from shared.access import Operator
from shared.bus.consuming import Delivery
from shared.bus.inbox import Inbox
from shared.db import Database
from shared.errors import Forbidden
from shared.jobs import Job
from shared.policy import Policies
from shared.service import Service
from shared.values import clock
from shared.values.seal import Seal
from shared.web.endpoints import Call, Endpoint, Visitor
from shared.web.forms import NONE
from shared.web.replies import Reply

SERVICES = flows.SERVICES
Answer = Any
# What is looked at by people, or by a broker, that is not here.
IDLE = ("observe", "follow_clock")


@dataclass
class Part:
    """A service with its connections."""

    service: Service
    database: Database
    owner: asyncpg.Connection
    inbox: Inbox
    endpoints: Mapping[tuple[str, str], Endpoint]
    queue: deque[Delivery] = field(default_factory=deque)
    wrote: bool = True
    moved: bool = False

    @property
    def jobs(self) -> Mapping[str, Job]:
        """By name."""
        return {job.name: job for job in self.service.jobs if not job.name.startswith(IDLE)}


class City:
    """The services, at a moment."""

    def __init__(
        self, parts: Mapping[str, Part], keys: Keys, texts: Texts, policies: Policies
    ) -> None:
        self.parts, self.texts, self.policies = parts, texts, policies
        self.seal = Seal({"phone": config.keys(f"1:{keys.seal_phone}")}, config.key(keys.index_key))
        self.now, self.events = clock.now(), 0
        self.down: set[str] = set()
        self.hears: dict[str, list[Callable[[bytes], None]]] = defaultdict(list)
        self._codes = {"1": b64decode(keys.code_key)}
        self._to = {
            (flow.event.TYPE, flow.producer): flow.consumers for flow in flows.FLOWS
        }  # fmt: skip

    def code(self, unit: str, counter: int | None = 1) -> str:
        """What is printed on a window."""
        return intake.code(self._codes, unit, counter)

    def at(self, moment: datetime) -> None:
        """It is that moment, in this process at once and in a database when it is needed."""
        self.now = moment
        clock.set_offset(moment - datetime.now(UTC))
        for part in self.parts.values():
            part.moved = False

    async def part(self, name: str) -> Part:
        """A service whose database knows what moment it is."""
        part = self.parts[name]
        if not part.moved:
            await part.owner.execute(
                "UPDATE simulation_clock SET moved = $1::timestamptz - now()", self.now
            )
            part.moved = True
        return part

    async def call(
        self,
        name: str,
        address: str,
        body: Mapping[str, Any],
        who: Operator | None = None,
        *,
        remote: str = "",
        **params: Any,
    ) -> Answer:
        """POST to a service, as this operator or as anybody. Refused as an HTTP caller is."""
        return await self._ask(name, "POST", address, body, {}, who, remote, params)

    async def read(
        self, name: str, address: str, who: Operator, query: Mapping[str, Any], **params: Any
    ) -> Answer:
        """GET the same."""
        return await self._ask(name, "GET", address, {}, query, who, "", params)

    async def _ask(
        self,
        name: str,
        method: str,
        address: str,
        body: Mapping[str, Any],
        query: Mapping[str, Any],
        who: Operator | None,
        remote: str,
        params: Mapping[str, Any],
    ) -> Answer:
        part = await self.part(name)
        endpoint = part.endpoints[method, address]
        if endpoint.caller.kind == "staff" and (
            who is None or who.role not in endpoint.caller.roles
        ):
            raise Forbidden()
        call: Call[Any, Any] = Call(
            language="zh",
            address=address,
            params=params,
            body=endpoint.body.model_validate(body) if endpoint.body else None,
            query=endpoint.query.model_validate(query) if endpoint.query else None,
            fields=NONE,
            repeat_key=uuid4().hex,
            raw=b"",
            visitor=Visitor(who, 1, "simulation", clock.now()) if who else None,
            remote=remote,
        )
        part.wrote = True
        answer = await endpoint.handler(call)
        return answer.model if isinstance(answer, Reply) else answer

    async def job(self, name: str, job: str) -> bool:
        """Run a job until it finds nothing more; whether it found anything."""
        part, found = await self.part(name), False
        part.wrote = True
        while await part.jobs[job].run():
            found = True
        return found

    async def carry(self) -> None:
        """Bring every event to whoever hears it and is up, until nothing moves."""
        while await self._collect():
            waiting = [name for name, one in self.parts.items() if one.queue]
            await asyncio.gather(*(self._hear(name) for name in waiting if name not in self.down))

    async def _collect(self) -> bool:
        """Whether there is anything for anybody who is up."""
        for name, part in self.parts.items():
            if part.wrote and name not in self.down:
                part.wrote = False
                await self._empty(name, part)
        return any(one.queue for name, one in self.parts.items() if name not in self.down)

    async def _empty(self, name: str, part: Part) -> None:
        async with part.database.acquire() as conn:
            rows = await conn.fetch("DELETE FROM outbox RETURNING seq, event_id, type, body")
        for row in sorted(rows, key=lambda row: int(row["seq"])):
            body = row["body"].encode()
            for heard in self.hears[row["type"]]:
                heard(body)
            for consumer in self._to[row["type"], name]:
                delivery = Delivery(str(row["event_id"]), row["type"], body, 1, 0)
                self.parts[consumer].queue.append(delivery)

    async def _hear(self, name: str) -> None:
        part = await self.part(name)
        batch = [part.queue.popleft() for _ in range(min(len(part.queue), 200))]
        self.events += len(batch)
        part.wrote = True
        await part.inbox.take(batch)
