"""P5: the inbox with millions of cases, as an operator, a county and the city see it."""

import time
from collections.abc import Awaitable, Callable
from functools import partial

from services.verification.casework import bodies, listing, rows
from services.verification.casework.acts import search
from services.verification.casework.acts.desk import Desk
from services.verification.casework.store import lists
from services.verification.settings import Settings
from shared import config, policy
from shared.access import Operator
from shared.db import Connection, Database
from shared.values import clock
from tests.bench.cases import PEOPLE, fill
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds
from tests.town import environ

PAGE_MS, COUNTERS_MS = 50.0, 10.0
Asking = Callable[[Connection, Operator], Awaitable[object]]


async def measure(lab: Lab, seconds: float, rounds: int, *, cases: int) -> Report:
    """Fill the database, then ask again and again, one after the other; the 99th percentile."""
    with environ(await lab.env("verification")):
        settings = config.load(Settings)
    desk = Desk(policy.load(settings.policy_file), settings.seal, settings.sample_key)
    database = await Database.connect(await lab.database("verification"), "verification")
    await fill(database, lab.owner_url("verification"), settings.seal, cases, lab.say)
    askings = _askings(desk)
    told = [
        {
            f"{name}, {who.username}": await _p99(database, who, asking, seconds)
            for name, asking in askings.items()
            for who in PEOPLE
        }
        for _ in range(rounds)
    ]
    await database.close()
    return Report(
        "desk",
        f"P5 · the inbox with {cases:,} cases",
        of_rounds(told),
        tuple(_aims(askings)),
        ("the 99th percentile of one after the other, as seen by the process that asks",),
        unit=" ms",
    )


def _aims(askings: dict[str, Asking]) -> list[Aim]:
    most = {"counters": COUNTERS_MS, "page": PAGE_MS}
    return [
        Aim(f"{name}, {who.username}", f"{name}, {who.username}", None, most[name], at_most=True)
        for name in askings
        if name in most
        for who in PEOPLE
    ]


def _askings(desk: Desk) -> dict[str, Asking]:
    return {
        "counters": _counters,
        "page": partial(_page, desk, bodies.ListQuery(limit=25)),
        "closed": partial(_page, desk, bodies.ListQuery(limit=25, state="verified")),
        "phone": partial(_found, desk, "13800000007"),
        "words": partial(_found, desk, "没有这样的话"),
    }


async def _p99(database: Database, who: Operator, asking: Asking, seconds: float) -> float:
    """In milliseconds, of at least twenty."""
    spent: list[float] = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or len(spent) < 20:
        began = time.perf_counter()
        async with database.transaction(as_=who) as conn:
            await asking(conn, who)
        spent.append(1000 * (time.perf_counter() - began))
    return sorted(spent)[int(0.99 * (len(spent) - 1))]


async def _counters(conn: Connection, who: Operator) -> object:
    return await lists.count_due(conn, who, listing.end_of_today(), clock.now())


async def _page(desk: Desk, query: bodies.ListQuery, conn: Connection, who: Operator) -> object:
    page = await listing.list_page(conn, who, query)
    return await rows.load(conn, desk, who, page.cases, clock.now())


async def _found(desk: Desk, said: str, conn: Connection, who: Operator) -> object:
    return await search.find(conn, desk, who, said)
