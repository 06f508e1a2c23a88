"""Pages hear of what happens, from any instance, and see nothing that is not theirs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse

from services.verification import bells
from services.verification.casework.pages import live
from services.verification.casework.rules import resting
from shared.db import Database
from tests.conftest import Clone
from tests.integration.verification_office import (
    FAR_UNIT,
    OFFICERS,
    OPERATORS,
    PLACES,
    UNITS,
    Office,
    import_all,
    opened,
)

SERVICE = "verification"
NOTHING = UUID(int=0)


@dataclass
class Listener:
    """A page that listens."""

    answer: ClientResponse

    async def hears(self, **wanted: Any) -> dict[str, Any]:
        """The first news of which this is true; others before it are passed over.

        Its parts are read one after the other: what is done between is told by the next news.
        """
        async with asyncio.timeout(60):
            while True:
                line = (await self.answer.content.readline()).decode()
                news = json.loads(line[6:]) if line.startswith("data: ") else {}
                told = news | news.get("counts", {})
                if news and all(told[name] == value for name, value in wanted.items()):
                    return dict(news)

    async def is_quiet(self) -> bool:
        """Whether nothing more was told, now that it was told to end."""
        rest = await self.answer.content.read()
        return b"" == rest.strip()


@pytest.fixture
async def two(clone: Clone) -> AsyncIterator[tuple[Office, Office]]:
    """Two instances on one database."""
    url = await clone(SERVICE)
    async with AsyncExitStack() as stack:
        offices = []
        for number in range(2):
            database = await Database.connect(url, SERVICE)
            stack.push_async_callback(database.close)
            if not number:
                await import_all(database, PLACES, UNITS, OFFICERS, OPERATORS)
            offices.append(await stack.enter_async_context(instance(database)))
        yield offices[0], offices[1]


@asynccontextmanager
async def instance(database: Database, port: int | None = None) -> AsyncIterator[Office]:
    """One that runs what a service runs beside its pages."""
    async with opened(database, port) as office, AsyncExitStack() as stack:
        for resource in office.service.resources:
            await stack.enter_async_context(resource)
        yield office


async def listen(stack: AsyncExitStack, office: Office, who: str, asked: str) -> Listener:
    """Open a stream, as a page does."""
    headers = {
        "Cookie": f"mashang={await office.token(who)}", "Accept": "text/event-stream",
        "Accept-Language": "zh",
    }  # fmt: skip
    answer = await stack.enter_async_context(
        office.client.get(f"/desk/live?{asked}", headers=headers, timeout=None)
    )
    assert (200, "text/event-stream") == (answer.status, answer.content_type)
    return Listener(answer)


async def test_a_new_case_is_told_by_the_other_instance(two: tuple[Office, Office]) -> None:
    """Whoever opened it, pages at or above its unit hear that it is there, with their figures."""
    here, there = two
    async with AsyncExitStack() as stack:
        county = await listen(stack, there, "county", f"since={NOTHING}")
        first = await county.hears(new=0)
        assert ("0", "0") == (first["counts"]["work"], first["counts"]["urgent"])
        case_id = await here.case(urgent=True)
        await county.hears(new=1, work="1", urgent="1")
        await here.judge("desk", case_id, verdict="helped", attribution="none")
        await here.ask("county", "POST", f"cases/{case_id}/callbacks", {"outcome": "reached"})
        await county.hears(new=0, work="0", urgent="0")


async def test_nobody_is_told_of_what_they_may_not_see(two: tuple[Office, Office]) -> None:
    """Not of another unit's case, not of one about oneself: not a word, not even that of a bell."""
    here, there = two
    async with AsyncExitStack() as stack:
        accused = await listen(stack, there, "accused", f"since={NOTHING}")
        await accused.hears(new=0)
        county = await listen(stack, there, "county", f"since={NOTHING}")
        await county.hears(new=0)
        await here.case(unit_code=FAR_UNIT)
        await here.case(officer_badge="170001")
        await county.hears(new=1)
        city = await listen(stack, there, "city", f"since={NOTHING}")
        await city.hears(new=2)
        # Long after both were told to others.
        await asyncio.sleep(2)
        await there.client.server.close()
        assert await accused.is_quiet()


async def test_who_has_a_case_open_is_seen_by_others(two: tuple[Office, Office]) -> None:
    """In the list and on the case's page, but not by oneself, until the page is left."""
    here, there = two
    case_id = str(await here.case())
    async with AsyncExitStack() as stack:
        inbox = await listen(stack, there, "county", f"since={NOTHING}")
        await inbox.hears(here={})
        async with AsyncExitStack() as page:
            desk = await listen(page, here, "desk", f"case={case_id}")
            await desk.hears(here={})
            await inbox.hears(here={case_id: ["值班员"]})
            other = await listen(stack, there, "county2", f"case={case_id}")
            await other.hears(here={case_id: ["值班员"]})
            await desk.hears(here={case_id: ["县督导二"]})
            shown = await there.browse("county", "/desk")
            assert "<span data-name>值班员、县督导二</span>" in shown.text.replace("，", "、")
        await other.hears(here={})
        await inbox.hears(here={case_id: ["县督导二"]})


async def test_nobody_is_present_where_they_may_not_be(two: tuple[Office, Office]) -> None:
    """Whoever names another unit's case is told of nobody, and nobody of them."""
    here, there = two
    far = str(await here.case(unit_code=FAR_UNIT))
    async with AsyncExitStack() as stack:
        city = await listen(stack, there, "city", f"case={far}")
        await city.hears(here={})
        stranger = await listen(stack, here, "desk", f"case={far}")
        await stranger.hears(here={})
        async with here.database.acquire() as conn:
            rows = await conn.fetch("SELECT username FROM presences")
        assert ["city"] == [row["username"] for row in rows]


async def test_nothing_is_lost_while_a_service_restarts(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came meanwhile is told when the page asks again; and bells ring anew after a cut."""
    monkeypatch.setattr(resting, "TIMES", 0)
    # Nobody asks whether the connection still lives, and no page looks without a bell.
    monkeypatch.setattr(bells, "_ASKED_EVERY", 600.0)
    monkeypatch.setattr(live, "_LOOKS_EVERY", 600.0)
    url = await clone(SERVICE)
    database = await Database.connect(url, SERVICE)
    await import_all(database, PLACES, UNITS, OFFICERS, OPERATORS)
    async with instance(database) as before, AsyncExitStack() as stack:
        page = await listen(stack, before, "county", f"since={NOTHING}")
        await page.hears(new=0)
    async with instance(database) as after, AsyncExitStack() as stack:
        await after.case()
        page = await listen(stack, after, "county", f"since={NOTHING}")
        await page.hears(new=1)
        async with database.acquire() as conn:
            # The one that listens, and it alone.
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        await after.case()
        await page.hears(new=2)
    await database.close()


async def test_a_page_rests_by_how_many_listen(
    two: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each counts the pages of its own instance, and no longer those that have gone."""
    here, there = two
    counted: list[int] = []

    def rests(_: float, listeners: int) -> float:
        counted.append(listeners)
        return 0.0

    monkeypatch.setattr(resting, "rests", rests)
    async with AsyncExitStack() as elsewhere, AsyncExitStack() as stack:
        await (await listen(elsewhere, there, "county2", f"since={NOTHING}")).hears(new=0)
        county = await listen(stack, here, "county", f"since={NOTHING}")
        await county.hears(new=0)
        assert {1} == set(counted)
        async with AsyncExitStack() as more:
            for who in ("city", "desk"):
                await (await listen(more, here, who, f"since={NOTHING}")).hears(new=0)
            assert {1, 2, 3} == set(counted)
            counted.clear()
            await here.case()
            await county.hears(new=1)
            assert 3 in counted
        # A page that has gone is noticed when it is told something.
        for _ in range(10):
            counted.clear()
            await here.case()
            await county.hears()
            if {1} == set(counted):
                break
        assert {1} == set(counted)


@pytest.mark.parametrize("asked", ["", "since=x", "case=%00", "since=&case="])
async def test_a_stream_that_makes_no_sense(two: tuple[Office, Office], asked: str) -> None:
    """A page that asks for nothing is told what it may know all the same, or led to the list."""
    headers = {"Cookie": f"mashang={await two[0].token('desk')}", "Accept": "text/html"}
    async with two[0].client.get(
        f"/desk/live?{asked}", headers=headers, allow_redirects=False
    ) as response:
        assert response.status in (303, 422)
