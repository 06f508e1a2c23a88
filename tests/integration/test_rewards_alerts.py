"""Before two days are missed whose duty money is hears of it: once for all, again the next day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.rewards.alerting import alert
from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import Step
from shared.db import Database
from shared.web.session import statement_cookie
from tests.integration.rewards_desk import ANN, Desk, opened, token
from tests.integration.test_rewards_decisions import (
    POLICIES,
    RECEIVED,
    advance,
    hear,
    told,
    verified,
)

SERVICE = "rewards"
# Of a verdict of 3 March, 10:00: the end of the 5th at the bureau.
DUE = datetime(2026, 3, 5, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def owner(database: Database, templates: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """Who may move the database's clock."""
    async with database.acquire() as conn:
        name = await conn.fetchval("SELECT current_database()")
    connected = await asyncpg.connect(templates.url(name))
    yield connected
    await connected.close()


async def look(database: Database, owner: asyncpg.Connection, now: datetime) -> int:
    """The job, as if the database's clock stood so."""
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", now)
    return await alert(database, POLICIES)


async def earn(database: Database, *steps: Step, **changes: Any) -> Reward:
    """A reward, some steps on."""
    async with database.transaction() as conn:
        reward = await hear(conn, verified(**changes))
        assert reward is not None
        return await advance(conn, reward, *steps)


async def pay(database: Database, reward: Reward) -> None:
    """The vendor says completed."""
    async with database.transaction() as conn:
        await advance(conn, reward, "paid")


async def alerts(database: Database) -> list[str]:
    """The first due times of which the event told, in order."""
    async with database.acquire() as conn:
        return [one["due_at"] for one in await told(conn) if "alert_id" in one]


async def test_told_before_the_deadline_once_and_again_until_all_is_paid(
    database: Database, owner: asyncpg.Connection
) -> None:
    """From half a day before, one for all; the next morning again; once paid, no more."""
    first, second = [await earn(database, "leased", "accepted") for _ in range(2)]
    await earn(database, "leased", "paid")
    assert 0 == await look(database, owner, DUE - 12 * HOUR - timedelta(minutes=1))
    assert 1 == await look(database, owner, DUE - 12 * HOUR)
    assert 0 == await look(database, owner, DUE - 6 * HOUR)
    assert 0 == await look(database, owner, DUE + 7 * HOUR)
    assert 1 == await look(database, owner, DUE + 8 * HOUR)
    await pay(database, first)
    assert 1 == await look(database, owner, DUE + DAY + 8 * HOUR)
    await pay(database, second)
    assert 0 == await look(database, owner, DUE + 2 * DAY + 8 * HOUR)
    assert ["2026-03-05T16:00:00Z"] * 3 == await alerts(database)


async def test_nothing_is_told_where_nothing_is_owed(
    database: Database, owner: asyncpg.Connection
) -> None:
    """No rewards at all, all paid, or one whose two days have just begun."""
    assert 0 == await look(database, owner, DUE - 6 * HOUR)
    await earn(database, "leased", "paid")
    await earn(database, verified_at=RECEIVED + 2 * DAY)
    assert 0 == await look(database, owner, DUE - 6 * HOUR)
    assert [] == await alerts(database)


async def test_what_waits_for_a_second_person_is_told_of(
    database: Database, owner: asyncpg.Connection
) -> None:
    """A held reward is unpaid as well: nobody but that person can keep its deadline."""
    incident = uuid4()
    for _ in range(3):
        await earn(database, "leased", "paid", incident_id=incident)
    held = await earn(database, incident_id=incident)
    assert "held" == held.state
    assert 1 == await look(database, owner, DUE - HOUR * 6)


async def test_two_instances_tell_once(database: Database, owner: asyncpg.Connection) -> None:
    """Both look at the same moment."""
    await earn(database)
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", DUE - 6 * HOUR)
    found = await asyncio.gather(*(alert(database, POLICIES) for _ in range(4)))
    assert (1, 1) == (sum(found), len(await alerts(database)))


async def test_the_page_says_when_it_was_told(
    database: Database, owner: asyncpg.Connection
) -> None:
    """In both languages, and to whom; nothing before the first."""
    async with opened(database) as desk:
        assert "值班手机" not in await page(desk, "zh")
        await earn(database)
        assert 1 == await look(database, owner, DUE - 6 * HOUR)
        assert "最近一次提醒" in await page(desk, "zh")
        assert "Last alert" in await page(desk, "en")
        _, listing = await desk.get("/api/v1/lateness")
        assert listing["alerted_at"].startswith("2026-03-05T10:00")


async def page(desk: Desk, language: str) -> str:
    """What is unpaid, as Ann sees it."""
    said = token(ANN)["Authorization"].removeprefix("Bearer ")
    headers = {
        "Accept": "text/html", "Accept-Language": language,
        "Cookie": f"{statement_cookie(False)}={said}",
    }  # fmt: skip
    async with desk.client.get("/lateness", headers=headers) as response:
        assert 200 == response.status
        return await response.text()
