"""Old and new version of a service side by side, on one database and one bus: nothing is lost.

The new version's event has a field more, and each version speaks, relays and hears.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from deploy.local.rabbitmq import RabbitMQ
from shared import flows
from shared.bus import broker, outbox
from shared.bus.consuming import Consumer
from shared.bus.inbox import Inbox
from shared.bus.pace import Pace
from shared.bus.relay import Relay
from shared.db import Connection, Database
from shared.events import CaseVerified, Event
from shared.tasks import Tasks
from tests.conftest import Clone, eventually
from tests.integration.test_inbox import SERVICE, VERIFIED, Effects, count, effects

__all__ = ["effects"]
PRODUCER = "verification"
EACH = 40


class Newer(CaseVerified):
    """The event as the new version knows it."""

    added_later: str | None = None


VERSIONS: tuple[type[CaseVerified], ...] = (CaseVerified, Newer)


@pytest.fixture(autouse=True)
async def empty_queues(rabbitmq: RabbitMQ) -> AsyncIterator[None]:
    """Whoever hears verdicts has none before, and none is left to other tests."""
    names = [queue for queue, kind in flows.bindings() if kind == CaseVerified.TYPE]
    async with broker.connection(rabbitmq.amqp_url, "test", "test") as opened:
        await broker.declare_topology(opened)
        channel = await opened.channel()
        queues = [await channel.get_queue(name) for name in names]
        await asyncio.gather(*(queue.purge() for queue in queues))
        yield
        await asyncio.gather(*(queue.purge() for queue in queues))


@dataclass
class Roll:
    """Two versions of whoever speaks and of whoever hears, and what each heard."""

    told_in: Database
    heard_in: Database
    url: str
    effects: Effects
    heard: dict[UUID, tuple[str, str | None]] = field(default_factory=dict)

    async def speak(self, version: type[CaseVerified]) -> None:
        """Verdicts of cases of their own, as that version tells them."""
        more = {"added_later": "told"} if version is Newer else {}
        async with self.told_in.transaction() as conn:
            for _ in range(EACH):
                told = VERIFIED.model_dump() | {"case_id": uuid7()} | more
                await outbox.publish(conn, version.model_validate(told))

    @asynccontextmanager
    async def runs(self, *versions: type[CaseVerified]) -> AsyncIterator[None]:
        """A relay and a consumer of each, until they are told to end and have."""
        parts: list[Relay | Consumer] = []
        tasks = []
        for version in versions:
            parts.append(relay := Relay(self.told_in, self.url, PRODUCER, Tasks(), Pace()))
            tasks.append(asyncio.create_task(relay.run()))
            box = Inbox(self.heard_in, SERVICE, {version: self._handler(version)})
            parts.append(consumer := Consumer(self.url, SERVICE, 10, box.take))
            tasks.append(asyncio.create_task(consumer.consume()))
        yield
        for part in parts:
            part.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)

    def _handler(self, version: type[CaseVerified]) -> Effects:
        roll = self

        class Handler(Effects):
            async def __call__(self, conn: Connection, event: CaseVerified) -> None:  # type: ignore[override]
                await roll.effects(conn, event)
                assert type(event) is version
                more = getattr(event, "added_later", None)
                roll.heard[event.case_id] = (version.__name__, more)

        return Handler()


async def test_each_version_handles_what_the_other_tells_and_each_event_once(
    database: Database, effects: Effects, clone: Clone, rabbitmq: RabbitMQ,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Only the old one runs, then both, then only the new one, while both have spoken."""
    producers: dict[type[Event], str] = {**flows.PRODUCERS, Newer: PRODUCER}
    monkeypatch.setattr(flows, "PRODUCERS", producers)
    told_in = await Database.connect(await clone(PRODUCER), PRODUCER, 6)
    roll = Roll(told_in, database, rabbitmq.amqp_url, effects)
    phases: tuple[tuple[type[CaseVerified], ...], ...] = ((CaseVerified,), VERSIONS, (Newer,))
    for number, versions in enumerate(phases, 1):
        async with roll.runs(*versions):
            for version in VERSIONS:
                await roll.speak(version)
            await eventually(lambda: count(database), number * 2 * EACH)
    await told_in.close()
    assert 3 * 2 * EACH == len(roll.heard) == await count(database, "inbox")
    assert 0 == await count(database, "inbox_pending")
    assert {("CaseVerified", None), ("Newer", None), ("Newer", "told")} == set(roll.heard.values())
    alone = [told for told in roll.heard.values() if told == ("Newer", "told")]
    assert EACH <= len(alone)
