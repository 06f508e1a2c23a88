"""The life of a service's process: wait for its parts, run, drain.

`run` owns signals, pool, migrations check, broker, relay, inbox, jobs, HTTP, and the way down.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from socket import socket
from typing import TypeVar

import uvloop
from aiohttp import web

from shared import budget, config, db, faults, policy, workers
from shared.bus.consuming import Consumer
from shared.bus.inbox import Inbox
from shared.bus.relay import Relay
from shared.config import Settings
from shared.db import Database
from shared.errors import Misconfigured, TaskDied
from shared.observe import log, spans
from shared.policy import Policies
from shared.service import Running, Service
from shared.values import clock, phone
from shared.web import texts
from shared.web.callers import Outside
from shared.web.edge import make_app
from shared.web.listening import DRAIN_SECONDS, listen, listen_at
from shared.web.ops import ops_app

S = TypeVar("S", bound=Settings)
_NEW_OBJECTS = 20_000


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
            await running.keep_days()
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
