"""Publishing: what was counted is shown from now on, where enough of it is new."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.intake.open import store
from services.intake.open.rules.releasing import fresh, renewed, week_of
from services.intake.open.rules.tables import Numbers, Tables
from shared.db import Connection
from shared.values import clock


async def publish(conn: Connection, days: Collection[date], now: datetime, zone: ZoneInfo) -> None:
    """Publish what is due of the months of these days; with a new week, of all months."""
    weekly = await store.begin_week(conn, week_of(clock.service_day(now, zone)))
    since = None if weekly else min((day.replace(day=1) for day in days), default=None)
    if not (weekly or since):
        return
    counted, public = await store.list_months(conn, since), await store.get_tables(conn, since)
    was = public.counted
    news = {
        month: kinds
        for month, row in counted.items()
        if (kinds := fresh(was.get(month, {}), row, weekly=weekly))
    }
    if news:
        await _renew(conn, counted, news)


async def _renew(
    conn: Connection, counted: Mapping[date, Numbers], news: Mapping[date, Collection[str]]
) -> None:
    """What stays hidden is worked out beside the loop: a large table takes its time."""
    public = await store.get_tables(conn)
    months = public.counted
    for month, kinds in news.items():
        months[month] = renewed(months.get(month, {}), counted[month], kinds)
    tables = await asyncio.to_thread(Tables.of, months, public.hiding)
    await store.put_tables(conn, tables, public)
