"""Two instances of every service on the same subjects: locks in one order, so no deadlock, ever."""

import asyncio
import random
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.settings import service_env
from shared import config, flows
from shared.bus.consuming import Delivery
from shared.bus.inbox import Inbox
from shared.db import Database
from shared.events import Event, SubmissionAdded, SubmissionReceived
from shared.service import Service
from tests.conftest import Clone
from tests.integration.test_inbox import delivery
from tests.samples import SAMPLES
from tests.support import captured_logs
from tests.town import environ

CASES, PLACES, BATCHES = 40, 4, 60
SAMPLE = {type(event): event for event in SAMPLES}
SAMPLE_RECEIVED = next(event for event in SAMPLES if isinstance(event, SubmissionReceived))
CASE_IDS = [uuid7() for _ in range(CASES)]


def wired(service: str, database: Database) -> Service:
    """An instance as its own `build` wires it."""
    wiring = import_module(f"services.{service}.service")
    env = service_env(
        service, ports=Ports.free(), keys=Keys(), database_url="postgresql://127.0.0.1/x",
        amqp_url="amqp://127.0.0.1:1/",
    )  # fmt: skip
    with environ(env):
        settings = config.load(import_module(f"services.{service}.settings").Settings)
        built: Service = wiring.build(settings, database)
        return built


def about(event: type[Event], number: int, version: int, cases: Sequence[UUID]) -> Event:
    """An event of this kind about one of a few subjects, in one of its versions."""
    place = f"u{number % PLACES}"
    wanted: dict[str, Any] = {
        "case_id": cases[number], "submission_id": UUID(int=number + 1),
        "reward_id": UUID(int=CASES - number), "message_id": UUID(int=number + 1000 * version),
        "incident_id": UUID(int=number % 7 + 1), "unit_code": place, "badge": f"P-{number % 5}",
        "username": f"o{number % 3}", "officers": (f"P-{number % 5}", f"P-{(number + 1) % 5}"),
        "version": version, "revision": version, "attempt": version, "entry_no": number + version,
        "phone_index": f"phone{number % 3}", "phone_sealed": "1.sealed", "path": ("root", place),
    }  # fmt: skip
    fields = {name: value for name, value in wanted.items() if name in event.model_fields}
    return SAMPLE[event].model_copy(update=fields)


def dealt(events: Sequence[Event], luck: random.Random) -> list[list[Delivery]]:
    """Shuffled into batches; a third comes twice, as after a lost acknowledgement."""
    all_of_them = [delivery(event) for event in events]
    all_of_them += luck.sample(all_of_them, len(all_of_them) // 3)
    luck.shuffle(all_of_them)
    return [all_of_them[n::BATCHES] for n in range(BATCHES)]


async def work(box: Inbox, batches: Sequence[Sequence[Delivery]]) -> None:
    """One instance's share."""
    for batch in batches:
        await box.take(batch)


@pytest.mark.parametrize("service", flows.SERVICES)
async def test_two_instances_never_stop_one_another(service: str, clone: Clone) -> None:
    """Many batches, shuffled, some twice, two at a time: none fails, and nothing is left over."""
    url, luck = await clone(service), random.Random(service)
    first, second = [await Database.connect(url, service, 4) for _ in range(2)]
    built = [wired(service, database) for database in (first, second)]
    boxes = [
        Inbox(database, service, one.handlers, one.lock_first, one.lock_order)
        for database, one in zip((first, second), built, strict=True)
    ]
    cases = [uuid7() for _ in range(CASES)]
    heard = flows.heard_by(service)
    with captured_logs() as logs:
        if service == "verification":
            cases = await opened(boxes[0], first)
            heard = [event for event in heard if event is not SubmissionReceived]
        events = [
            about(event, number, version, cases)
            for event in heard for number in range(CASES) for version in (1, 2)
        ]  # fmt: skip
        batches = dealt(events, luck)
        await asyncio.gather(*(work(box, batches[n::2]) for n, box in enumerate(boxes)))
        while any(await asyncio.gather(*(box.retry() for box in boxes))):
            pass
    assert [] == [entry["error"] for entry in logs if entry["event"] == "batch failed"]
    async with first.acquire() as conn:
        left = [row["error"] for row in await conn.fetch("SELECT error FROM inbox_pending")]
    # A follow-up waits for a verdict, and nobody gives one here.
    assert [] == [error for error in left if not error.startswith("Retry(")]
    await asyncio.gather(first.close(), second.close())


async def test_two_instances_open_the_same_cases(clone: Clone) -> None:
    """Submissions that are told twice, praised, held and added to, in batches that share them."""
    url, luck = await clone("verification"), random.Random("opened")
    databases = [await Database.connect(url, "verification", 4) for _ in range(2)]
    boxes = []
    for database in databases:
        one = wired("verification", database)
        boxes.append(Inbox(database, "verification", one.handlers, one.lock_first, one.lock_order))
    told: list[Event] = [
        received(number, kind=kind, satisfaction=level, held=held)
        for number, (kind, level, held) in enumerate(
            [("complaint", 1, None), ("rating", 5, None), ("complaint", 1, "address")] * 20
        )
    ]
    added = [about(SubmissionAdded, number, 1, CASE_IDS) for number in range(CASES)]
    batches = dealt([*told, *told, *added], luck)
    with captured_logs() as logs:
        await asyncio.gather(*(work(box, batches[n::2]) for n, box in enumerate(boxes)))
        while any(await asyncio.gather(*(box.retry() for box in boxes))):
            pass
    failed = [entry["error"] for entry in logs if entry["event"] == "batch failed"]
    assert [] == [error for error in failed if "Deadlock" in error or "Lock" in error]
    async with databases[0].acquire() as conn:
        counts = [
            await conn.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("cases", "holds", "outbox")
        ]
    assert [20, 20, 20] == counts
    await asyncio.gather(*(database.close() for database in databases))


def received(number: int, **changed: object) -> SubmissionReceived:
    """A submission to one of a few units."""
    own = {"submission_id": UUID(int=number + 1), "unit_code": f"u{number % PLACES}"}
    return SAMPLE_RECEIVED.model_copy(update=own | changed)


async def opened(box: Inbox, database: Database) -> list[UUID]:
    """Cases as verification opens them, since nobody else makes their ids."""
    told = [received(n, kind="complaint") for n in range(CASES)]
    await box.take([delivery(event) for event in told])
    async with database.acquire() as conn:
        rows = await conn.fetch("SELECT case_id FROM cases ORDER BY submission_id")
    assert CASES == len(rows)
    return [row["case_id"] for row in rows]
