"""A service that was told to end: its parts end one after the other, none before it is told."""

import asyncio
from typing import Any, cast

import pytest

from shared.bus import broker
from shared.bus.consuming import Consumer
from shared.bus.inbox import Inbox
from shared.bus.relay import Relay
from shared.config import Settings
from shared.db import Database
from shared.service import Running, Service
from tests.unit.test_config import BARE


class Lonely(Consumer):
    """Whose broker is away."""

    tried = 0

    async def consume(self) -> None:
        """Told to end at the third attempt."""
        self.tried += 1
        if self.tried == 3:
            self.stop()
        raise ConnectionRefusedError


async def test_a_consumer_without_a_broker_waits_to_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While requests are still answered it tries on, as a task that ends by itself has died."""
    monkeypatch.setattr(broker, "RECONNECT_SECONDS", 0)
    service, database = Service("scoring", handlers={}), Database(cast(Any, None))
    relay = Relay(database, "", service.name, service.tasks, service.pace)
    settings, box = Settings.model_validate(BARE), Inbox(database, service.name, {})
    consumer, stop = Lonely("", service.name, 1, box.take), asyncio.Event()
    running = Running(service, settings, database, relay, consumer, box, stop)
    stop.set()
    await running.consume()
    assert 3 == consumer.tried
