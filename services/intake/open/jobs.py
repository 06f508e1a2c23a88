"""Counting: what changed since the last look, and the days that may still change."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.intake.accept.store import phones
from services.intake.open import publishing, store
from services.intake.open.drawing import PERIOD
from services.intake.open.rules.facts import fact_of
from shared.db import Connection, Database
from shared.policy import Policies
from shared.values import clock

NEWS = 200
DAYS = 31
# 基本满意 and better, as the national figures count it.
CONTENT = 3
# A submission is stored within a minute of its receipt: its day and the next are enough.
OPEN_DAYS = timedelta(days=2)


async def count_news(database: Database, policies: Policies) -> int:
    """Count what is new; how much there was."""
    zone, now = policies.editions[-1].zone, clock.now()
    async with database.transaction() as conn:
        if not await store.take_turn(conn):
            return 0
        ids = await store.take_news(conn, NEWS, now)
        facts = [fact_of(told, now, zone) for told in await store.list_told(conn, ids)]
        await store.put_facts(conn, facts)
        recent = await _recent(conn, zone)
        for day in sorted({fact.day for fact in facts} | set(recent)):
            await store.count_day(conn, day, *_span(day, zone), CONTENT)
        behind = await _note(conn, recent, zone)
        await publishing.publish(conn, {fact.day for fact in facts} | set(recent), now, zone)
    return len(ids) + behind


async def _recent(conn: Connection, zone: ZoneInfo) -> list[date]:
    """The days after the last that is done with, at most so many at once."""
    done, _ = await store.get_counted(conn)
    if done is None:
        first = await store.first_received(conn)
        if first is None:
            return []
        done = clock.service_day(first, zone) - timedelta(days=1)
    return list(_days(done + timedelta(days=1), clock.service_day(clock.now(), zone)))[:DAYS]


async def forget_invited(database: Database) -> int:
    """Phones that were asked so long ago that they may be asked again."""
    async with database.transaction() as conn:
        return await phones.forget(conn, clock.now() - PERIOD)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return clock.end_of_day(day - timedelta(days=1), zone), clock.end_of_day(day, zone)


async def _note(conn: Connection, recent: list[date], zone: ZoneInfo) -> int:
    """Say how far it is counted; how many days are still behind."""
    if not recent:
        return 0
    today = clock.service_day(clock.now(), zone)
    await store.set_counted(conn, min(recent[-1], today - OPEN_DAYS))
    return (today - recent[-1]).days
