"""The life of a service: wait for its parts, run, drain.

`build(settings, database)` returns the Service: everything it does, written out. `run` owns the
process: signals, pool, migrations check, broker, relay, inbox, jobs, HTTP, and the way down.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from socket import socket
from typing import TypeVar

import asyncpg
import uvloop
from aiohttp import web

from shared import budget, config, db, faults, policy, workers
from shared.bus import broker, days, outbox, pending
from shared.bus.consuming import Consumer
from shared.bus.handling import Handler, LockFirst, LockOrder, by_subject, no_locks
from shared.bus.inbox import Inbox
from shared.bus.pace import Pace
from shared.bus.relay import Relay
from shared.config import Settings
from shared.console import acts, processes, waiting
from shared.db import Database
from shared.errors import Misconfigured, TaskDied
from shared.events import Event
from shared.jobs import IDLE, Job, Schedule
from shared.observe import log, metrics, spans
from shared.policy import Policies
from shared.tasks import Tasks
from shared.values import clock, phone
from shared.web import repeats, texts
from shared.web.callers import Outside
from shared.web.edge import make_app
from shared.web.endpoints import Endpoint
from shared.web.house import House
from shared.web.listening import DRAIN_SECONDS, listen, listen_at
from shared.web.ops import ops_app
from shared.web.pages import Pages
from shared.web.session import Door

S = TypeVar("S", bound=Settings)
_NEW_OBJECTS = 20_000
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
            Job("keep_inbox_days", 3600 * second, self._keep_days),
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

    async def _keep_days(self) -> None:
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


def settle(policies: Policies) -> None:
    """Make the newest policy's zone, language and country this process's."""
    newest = policies.editions[-1]
    clock.set_home(newest.zone)
    texts.set_home(newest.language)
    phone.set_home(newest.country)


Build = Callable[[S, Database], Service]


def run(name: str, kind: type[S], build: Build[S]) -> None:
    """Run a service until SIGTERM or SIGINT. Exit 0 after a drain, 1 on a defect, 2 on settings."""
    log.configure(name)
    try:
        settings = config.load(kind)
        # Also where a service asks for no rule: a city has one policy, or none of it starts.
        settle(policy.load(settings.policy_file))
        workers.run(settings, lambda ops: uvloop.run(_main(name, settings, build, ops)))
    except Misconfigured as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(2)
    except TaskDied as error:
        log.get().critical("service failed", error=f"{error}: {error.__cause__!r}")
        sys.exit(1)


async def _main(name: str, settings: S, build: Build[S], ops: socket | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    spans.begin(name, settings.traces, settings.traces_share)
    try:
        await _serve(name, settings, build, ops, stop)
    finally:
        await spans.end()


async def _serve(
    name: str, settings: S, build: Build[S], ops: socket | None, stop: asyncio.Event
) -> None:
    database = await _unless(stop, _open_database(name, settings))
    if database is None:
        return
    try:
        running = _assemble(build(settings, database), settings, database, stop)
        _collect_seldom()
        await _live(running, ops)
    finally:
        await database.close()


def _collect_seldom() -> None:
    """What stands now stands to the end; a batch makes thousands of tuples, but hardly a cycle.

    It saves some of the processor time of an accept; how much stands in `deploy/DECISIONS.md`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def _assemble(
    service: Service, settings: Settings, database: Database, stop: asyncio.Event
) -> Running:
    url = settings.amqp_url.get_secret_value()
    relay = Relay(database, url, service.name, service.tasks, service.pace)
    box = Inbox(database, service.name, service.handlers, service.lock_first, service.lock_order)
    consumer = Consumer(url, service.name, settings.prefetch, box.take)
    return Running(service, settings, database, relay, consumer, box, stop)


async def _open_database(name: str, settings: Settings) -> Database:
    url = settings.database_url.get_secret_value()
    database = await db.wait_until_ready(url, name, settings.pool_size)
    try:
        await budget.check(database, settings.pool_size, settings.instances, settings.workers)
    except Misconfigured:
        await database.close()
        raise
    return database


async def _unless(stop: asyncio.Event, work: Awaitable[Database]) -> Database | None:
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    return None


async def _live(running: Running, own: socket | None) -> None:
    service, settings = running.service, running.settings
    async with AsyncExitStack() as stack:
        with suppress(*faults.PASSING):  # the job tries again
            await running._keep_days()
        if settings.simulation:
            await running.follow_clock()
        for resource in service.resources:
            await stack.enter_async_context(resource)
        outside = Outside.of(settings)
        app = make_app(service.house, outside)
        page, shared = ops_app(running.check), settings.shares_port
        site = await listen(app, settings.http_host, settings.http_port, outside, shared=shared)
        alone = partial(listen, page, settings.ops_host, settings.ops_port)
        ops = await (listen_at(page, own) if own else alone())
        log.get().info("service started", port=settings.http_port)
        try:
            await _work(running, site)
        finally:
            await ops.cleanup()
    service.tasks.check()
    log.get().info("service drained")


async def _work(running: Running, site: web.AppRunner) -> None:
    tasks = running.service.tasks
    ticking = running.schedule.start(tasks)
    consuming = tasks.start("consumer", running.consume())
    relaying = tasks.start("relay", running.relay.run())
    await _first(running.stop, tasks.died)
    running.stop.set()
    await _leave(running)
    await site.cleanup()
    running.consumer.stop()
    running.schedule.stop()
    await tasks.end(consuming, *ticking, within=DRAIN_SECONDS)
    running.relay.stop()
    await tasks.end(relaying, within=DRAIN_SECONDS)


async def _leave(running: Running) -> None:
    """Answer on until who shares out requests has seen that we leave; not if a part has died."""
    with suppress(TimeoutError):
        async with asyncio.timeout(running.settings.leave_seconds):
            await running.service.tasks.died.wait()


async def _first(*events: asyncio.Event) -> None:
    waiting = {asyncio.ensure_future(event.wait()) for event in events}
    _, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
