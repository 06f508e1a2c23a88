"""A service: everything it does, written out, and what every service does while it runs.

Its `build(settings, database)` returns the Service; `shared/life.py` runs it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg

from shared import faults
from shared.bus import broker, days, outbox, pending
from shared.bus.consuming import Consumer
from shared.bus.handling import Handler, LockFirst, LockOrder, by_subject, no_locks
from shared.bus.inbox import Inbox
from shared.bus.pace import Pace
from shared.bus.relay import Relay
from shared.config import Settings
from shared.console import acts, processes, waiting
from shared.db import Database
from shared.events import Event
from shared.jobs import IDLE, Job, Schedule
from shared.observe import log, metrics
from shared.tasks import Tasks
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Endpoint
from shared.web.house import House
from shared.web.pages import Pages
from shared.web.session import Door

_READ_ONLY = "SELECT current_setting('transaction_read_only')::bool"


@dataclass(frozen=True)
class Service:
    """The wiring of one service, readable as a table of contents.

    `state`: what else readiness tells, for people; none of it takes the service out.
    """

    name: str
    handlers: Mapping[type[Event], Handler]
    jobs: Sequence[Job] = ()
    endpoints: Sequence[Endpoint] = ()
    pages: Pages = field(default_factory=Pages)
    door: Door | None = None
    resources: Sequence[AbstractAsyncContextManager[object]] = ()
    lock_first: LockFirst = no_locks
    lock_order: LockOrder = by_subject
    inbox_retention: timedelta | None = days.REMEMBERED
    state: Callable[[], Mapping[str, str]] = dict
    tasks: Tasks = field(default_factory=Tasks)
    pace: Pace = field(default_factory=Pace)

    @property
    def house(self) -> House:
        """What it shows to the world."""
        return House(self.name, tuple(self.endpoints), self.pages, self.door)


@dataclass
class Running:
    """A service with its connections: the parts that `run` starts and drains in order."""

    service: Service
    settings: Settings
    database: Database
    relay: Relay
    consumer: Consumer
    inbox: Inbox
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    started_at: datetime = field(default_factory=partial(datetime.now, UTC))

    def __post_init__(self) -> None:
        self.schedule = Schedule(self.all_jobs())
        self.database.after_commit += [self.relay.wake, self.schedule.committed]

    async def check(self) -> dict[str, str]:
        """The states for /readyz. With the broker away, what comes in waits in the outbox.

        A late job is named, for alarms and people, and the service stays ready: it still answers,
        and taking every instance out of service would not mend what the job fails on.
        """
        return {
            "service": "draining" if self.stop.is_set() else "ok",
            "database": await self._database_state(),
            "broker": self._broker_state(),
            "jobs": self.schedule.state(),
            **self.service.state(),
        }

    def _broker_state(self) -> str:
        if broker.ALARM.blocked:
            return f"takes nothing: {broker.ALARM.blocked}"
        return "ok" if self.relay.connected and self.consumer.connected else "away"

    async def _tell(self) -> None:
        level, jobs = log.LOUDNESS.level, self.schedule.states()
        told = processes.Told(self.started_at, self._broker_state(), level, jobs)
        await processes.tell(self.database, told)

    async def _database_state(self) -> str:
        try:
            async with self.database.acquire() as conn:
                read_only = await conn.fetchval(_READ_ONLY, timeout=2)
        except (*faults.PASSING, asyncpg.PostgresError) as error:
            return f"away: {faults.name_of(error)}"
        return "read-only" if read_only else "ok"

    async def consume(self) -> None:
        """Consume until the consumer is stopped, through any number of broker restarts."""
        consumer = self.consumer
        await broker.reconnecting("consumer", consumer.consume, lambda: consumer.stopping)

    def all_jobs(self) -> list[Job]:
        """The service's own jobs and the ones that every service has."""
        second = timedelta(seconds=1)
        return [
            *self.service.jobs,
            Job("retry_pending", second / 2, self.inbox.retry, idle=IDLE),
            Job("observe_bus", 15 * second, self._observe_bus),
            Job("carry_on_acts", second, partial(acts.carry_on, self.database), idle=IDLE),
            Job("tell_state", processes.EVERY, self._tell),
            Job("old_console_rows", 3600 * second, self._forget),
            Job("old_repeats", 3600 * second, partial(repeats.remove_old, self.database)),
            Job("keep_inbox_days", 3600 * second, self.keep_days),
            Job("keep_sent_days", 3600 * second, self._keep_sent_days),
            *([Job("follow_clock", second, self.follow_clock)] if self.settings.simulation else []),
        ]

    async def _observe_bus(self) -> None:
        metrics.DATABASE_WRITABLE.set(await self._database_state() == "ok")
        metrics.BROKER_BLOCKED.set(bool(broker.ALARM.blocked))
        await outbox.observe(self.database)
        await pending.observe(self.database)

    async def _forget(self) -> None:
        async with self.database.acquire() as conn:
            await waiting.forget_failures(conn)
            await processes.forget(conn)

    async def keep_days(self) -> None:
        """Make the days that come, and drop those of the inbox that are over."""
        await days.keep(self.database, "inbox", self.service.inbox_retention)

    async def _keep_sent_days(self) -> None:
        await days.keep(self.database, "sent", timedelta(days=self.settings.sent_days))

    async def follow_clock(self) -> int:
        """Take over the simulation's offset from the database; 1 when it moved, as jobs are due."""
        async with self.database.acquire() as conn:
            moved = await conn.fetchval("SELECT moved FROM simulation_clock")
        before = clock.offset()
        clock.set_offset(moved)
        return int(moved != before)
