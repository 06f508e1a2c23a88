"""P5: the inbox with millions of cases, as an operator, a county and the city see it.

Its parts, and what runs beside by the clock, are asked of the database here; the page as a whole of
the real service, over HTTP.
"""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256

import asyncpg
from aiohttp import ClientSession

from deploy.local.process import StartError
from deploy.local.readiness import until_ready
from services.verification.casework import listing, queries, rows
from services.verification.casework.acts import search
from services.verification.casework.acts.desk import Desk
from services.verification.casework.store import lists
from services.verification.service import build
from services.verification.settings import Settings
from services.verification.signin.rules import SESSION_LIFETIME
from services.verification.signin.store import sessions
from shared import config, policy
from shared.access import Operator
from shared.db import Connection, Database
from shared.values import clock
from tests.bench.cases import PEOPLE, fill
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds
from tests.town import environ

PAGE_MS, COUNTERS_MS, JOB_MS = 50.0, 10.0, 50.0
WARM = 8
WHOLE, SERVICE = "GET /desk", "verification"
Asking = Callable[[Connection, Operator], Awaitable[object]]
Once = Callable[[], Awaitable[object]]


async def measure(lab: Lab, seconds: float, rounds: int, *, cases: int) -> Report:
    """Fill the database, then ask again and again, one after the other; the 99th percentile."""
    with environ(await lab.env("verification")):
        settings = config.load(Settings)
    desk = Desk(policy.load(settings.policy_file), settings.seal)
    database = await Database.connect(await lab.database("verification"), "verification")
    await fill(database, lab.owner_url("verification"), settings.seal, cases, lab.say)
    await _on_disk(lab)
    askings = _askings(desk)
    async with running(lab, SERVICE, await lab.env(SERVICE)) as url, ClientSession(url) as http:
        tokens = {who: await signed_in(database, who) for who in PEOPLE}
        once: dict[str, Once] = {
            f"{name}, {who.username}": partial(_ask, database, who, asking)
            for name, asking in askings.items()
            for who in PEOPLE
        }
        once |= {
            f"{WHOLE}, {who.username}": partial(open_inbox, http, token)
            for who, token in tokens.items()
        }
        jobs = {f"job, {job.name}": job.run for job in build(settings, database).jobs}
        once |= jobs
        told = [
            {name: await _p99(ask, seconds) for name, ask in once.items()} for _ in range(rounds)
        ]
    await database.close()
    return Report(
        "desk",
        f"P5 · the inbox with {cases:,} cases",
        of_rounds(told),
        (*_aims((*askings, WHOLE)), *(_aim(name, JOB_MS) for name in jobs)),
        ("the 99th percentile of one after the other, as seen by the process that asks",),
        unit=" ms",
    )


def _aims(names: Iterable[str]) -> list[Aim]:
    most = {"counters": COUNTERS_MS, "page": PAGE_MS, WHOLE: PAGE_MS}
    return [
        _aim(f"{name}, {who.username}", most[name])
        for name in names
        if name in most
        for who in PEOPLE
    ]


def _aim(name: str, most: float) -> Aim:
    return Aim(name, name, None, most, at_most=True)


def _askings(desk: Desk) -> dict[str, Asking]:
    return {
        "counters": _counters,
        "page": partial(_page, desk, queries.ListQuery(limit=25)),
        "closed": partial(_page, desk, queries.ListQuery(limit=25, state="verified")),
        "phone": partial(_found, desk, "13800000007"),
        "words": partial(_found, desk, "没有这样的话"),
    }


async def _p99(ask: Once, seconds: float) -> float:
    """In milliseconds, of at least twenty, once what the first ones prepare is there."""
    for _ in range(WARM):
        await ask()
    spent: list[float] = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or len(spent) < 20:
        began = time.perf_counter()
        await ask()
        spent.append(1000 * (time.perf_counter() - began))
    return sorted(spent)[int(0.99 * (len(spent) - 1))]


async def _ask(database: Database, who: Operator, asking: Asking) -> None:
    async with database.transaction(as_=who) as conn:
        await asking(conn, who)


async def _on_disk(lab: Lab) -> None:
    """What was filled is written before anything is measured beside it."""
    admin = await asyncpg.connect(lab.postgres.admin_url)
    await admin.execute("CHECKPOINT", timeout=600)
    await admin.close()


@asynccontextmanager
async def running(lab: Lab, service: str, env: Mapping[str, str]) -> AsyncIterator[str]:
    """A service; its address."""
    process = lab.module(service, f"services.{service}", env=env)
    await process.start()
    try:
        await until_ready(process, lab.ports.url(f"ops_{service}") + "/readyz")
        yield lab.ports.url(service)
    finally:
        await process.stop()


async def signed_in(database: Database, who: Operator) -> str:
    """The token of a session."""
    token, now = secrets.token_urlsafe(32), clock.now()
    async with database.transaction() as conn:
        hashed = sha256(token.encode()).digest()
        await sessions.add_session(conn, hashed, who.username, now, now + SESSION_LIFETIME)
    return token


async def open_inbox(http: ClientSession, token: str, url: str = "") -> None:
    """As a browser asks for it. StartError if it is not there."""
    headers = {"Cookie": f"mashang={token}", "Accept": "text/html"}
    async with http.get(f"{url}/desk", headers=headers, allow_redirects=False) as answer:
        page = await answer.text()
    if answer.status != 200 or "data-case" not in page:
        raise StartError(f"the inbox answers {answer.status}")


async def _counters(conn: Connection, who: Operator) -> object:
    return await lists.count_due(conn, who, listing.end_of_today(), clock.now())


async def _page(desk: Desk, query: queries.ListQuery, conn: Connection, who: Operator) -> object:
    page = await listing.list_page(conn, who, query)
    return await rows.load(conn, desk, who, page.cases, clock.now())


async def _found(desk: Desk, said: str, conn: Connection, who: Operator) -> object:
    return await search.find(conn, desk, who, said)
