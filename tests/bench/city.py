"""All five services over any history, and everything that they ever ask of their databases.

Nobody lists statements here. All jobs run, all pages and answers are asked for, and a day is lived
through; whatever is said to a database meanwhile is measured. What waits is the same at every size,
as it is a city's day; what came to an end grows.
"""

import asyncio
import os
import time
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Literal, Union, get_args, get_origin

import asyncpg
import pytest
from aiohttp import ClientSession

from services.verification.directory import commands as directory
from services.verification.signin import rules
from shared import db, policy
from shared.values import lots
from shared.values.seal import Seal, SealBroken
from shared.web.endpoints import Endpoint
from tests.bench import past, turns
from tests.bench.growing import Done, Place, Span, grow, keep
from tests.bench.touched import TIMES, Meter, Said, Told, Touched
from tests.browser import filled
from tests.browser.visits import BEHIND_THE_DOOR, visits, watcher
from tests.integration.test_access_matrix import Objects, Screen, bearer
from tests.town import Town

STREAMS = {"/desk/live"}
OPEN = Seal.open
Owning = Callable[[str], Awaitable[asyncpg.Connection]]


@dataclass
class City:
    """All services in one process, with one of everything on their pages, over any history."""

    place: Town
    found: Objects
    owning: Owning
    units: Place
    tables: int = 0
    copies: int = 0
    # Whether what gives up after its time is measured all the same.
    patient: bool = False
    screens: dict[tuple[str, str], Screen] = field(default_factory=dict)

    async def age(self, copies: int, done: Done = lambda *_: None, **how: int) -> None:
        """Bring the history to so many copies, and let the services do what is due by then."""
        span = Span(self.copies + 1, copies, **how)
        at_once = asyncio.Semaphore(os.cpu_count() or 1)

        async def one(service: str) -> None:
            async with at_once:
                owner = await self.owning(service)
                await grow(owner, self.units, span, done)
                await owner.close()
                await self.place.databases[service].pool.expire_connections()

        async with asyncio.TaskGroup() as tasks:
            for service in self.place.databases:
                tasks.create_task(one(service))
        self.copies = copies
        await past.work(self.place)

    async def measure(self, often: int = TIMES) -> tuple[dict[Said, Told], dict[str, float]]:
        """What each statement touches, and the milliseconds of each job, page and answer."""
        Touched.meter.begin(often)
        spent: dict[str, float] = {}
        async with ClientSession() as http:
            for name, act in self._acts(http):
                began = time.perf_counter()
                with suppress(asyncpg.QueryCanceledError, TimeoutError):
                    await act()
                spent[name] = 1000 * (time.perf_counter() - began)
            await past.live(self.place, http, phones=self.copies % 1000)
        await past.settle(self.place)
        return Touched.meter.end(), spent

    def _acts(self, http: ClientSession) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
        for job in past.jobs(self.place, calling=True):
            yield f"job, {job.name}", job.run
        for service in self.place.services:
            for who, address in sorted(self._addresses(service)):
                yield f"{service}, {address}", partial(self._get, http, service, who, address)

    def _addresses(self, service: str) -> set[tuple[str, str]]:
        told = {(visit.who, visit.address) for visit in visits(self.place, service, self.found)
                if not visit.signs}  # fmt: skip
        for one in self.place.services[service].endpoints:
            if one.method == "GET" and one.path not in STREAMS | set(BEHIND_THE_DOOR):
                address = self.found.address(one)
                told |= {
                    (watcher(one), address + asked) for asked in ("", *_asked(one, self.found))
                }
        return told

    async def _get(self, http: ClientSession, service: str, who: str, address: str) -> None:
        headers = {"Accept": "text/html"}
        if who and address.startswith("/api/"):
            headers = await bearer(self.place, http, service, who)
        elif who:
            if (service, who) not in self.screens:
                self.screens[service, who] = await Screen.of(self.place, service, who)
            headers["Cookie"] = self.screens[service, who].cookie
        url = f"{self.place.urls[service]}{address}"
        async with http.get(url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            if answer.status >= 500 and not self.patient:
                raise ValueError(f"{url} answers {answer.status}")


def _asked(one: Endpoint, found: Objects) -> Iterator[str]:
    """Each way in which a list can be narrowed, by itself."""
    for name, about in (one.query.model_fields if one.query else {}).items():
        known = about.alias or name
        for value in {*_values(about.annotation)[:1], *_values(about.annotation)[-1:]}:
            yield f"?{known}={value}"
        if known in found.params:
            yield f"?{known}={found.params[known]}"


def _values(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(value for part in get_args(kind) for value in _values(part))
    kind = getattr(kind, "__value__", kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


@asynccontextmanager
async def touching() -> AsyncIterator[Meter]:
    """Connections that are opened meanwhile tell what they touch."""
    with steady(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "Holding", Touched)
        patch.setattr(Seal, "open", _opened)
        yield Touched.meter


@contextmanager
def steady() -> Iterator[None]:
    """Chance asks for no second look, and what comes from one address is told at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lots, "lot", lambda *_: 99)
        patch.setattr(rules, "LATEST", timedelta())
        yield


def _opened(seal: Seal, sealed: str, context: str) -> str:
    """What a copy holds was sealed for its template, and opens for no other row."""
    try:
        return OPEN(seal, sealed, context)
    except SealBroken:
        return "+8613800000000"


async def found_city(place: Town, owning: Owning, units: int) -> City:
    """Its directory, the templates of its history, and one of everything."""
    where = Place(units)
    await _settle_in(place, where)
    async with ClientSession() as http:
        await past.live(place, http)
    await past.settle(place)
    desk = await owning("verification")
    await turns.draw_yesterday(place, desk)
    await desk.close()
    # What the first round told of is done in the second: nothing that waits is copied.
    await past.work(place)
    tables = 0
    for service in place.services:
        owner = await owning(service)
        tables += await keep(owner)
        await owner.close()
    return City(place, await filled.fill(place), owning, where, tables)


async def _settle_in(place: Town, where: Place) -> None:
    units, badges = where.codes()
    kinds = "code,name,parent,kind,counters\n", "badge,name,unit_code,phone\n"
    files = (
        kinds[0] + "".join(f"{code},第{code}派出所,{('north', 'south')[n % 2]},household,2\n"
                           for n, code in enumerate(units)),
        kinds[1] + "".join(f"{badge},李{badge},{units[n]},\n" for n, badge in enumerate(badges)),
    )  # fmt: skip
    settings = place.settings["verification"]
    levels = [level.key for level in policy.load(settings.policy_file).editions[-1].levels]
    for file in files:
        async with place.databases["verification"].transaction() as conn:
            told = await directory.import_csv(conn, file.encode(), settings.seal, levels)
        if not isinstance(told, directory.Imported):
            raise ValueError(str(told))
    await place.carry()
