"""The page on which leadership lands: a month in figures, each with what it counts; no person."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from services.scoring.charts import Count, chart
from services.scoring.store import appeals, days, months, sanctions, troubled
from shared import access
from shared import staff as staffed
from shared.db import Database
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page

ADDRESS = "/leadership"
READERS = staff(access.FIGURE_READERS)
LISTED = 5
PRAISED_FOR = timedelta(days=90)
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class Month(NamedTuple):
    """A calendar month at the bureau."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that a day is in."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def days(self) -> int:
        """How many it has."""
        return monthrange(self.year, self.number)[1]

    def on(self, by: int) -> "Month":
        """So many months later, or earlier."""
        count = self.year * 12 + self.number - 1 + by
        return Month(count // 12, count % 12 + 1)

    def begins(self, zone: ZoneInfo) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=zone)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


@dataclass(frozen=True)
class LeadershipPage:
    """`/leadership`."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [Endpoint("GET", ADDRESS, self.show, "A month in figures", READERS)]

    async def show(self, call: Call[None, None]) -> Page:
        """The month that is asked for, or this one."""
        zone, name = self.policies.editions[-1].zone, self.policies.editions[-1].timezone
        now = clock.now()
        today = Month.of(clock.service_day(now, zone))
        month = asked_month(call.asked("month"), today)
        since, until = month.begins(zone), month.on(1).begins(zone)
        starts = (month.on(-2).begins(zone), month.on(-1).begins(zone), since)
        end = min(until, now)
        async with self.database.reading(as_=call.operator) as conn:
            told = await days.list_days(conn, (since, until), name)
            before = days.total(await days.list_days(conn, (starts[1], since), name))
            units = await months.count_units(conn)
            trouble = await troubled.list_troubled(conn, (*starts, until), name, LISTED)
            praised = await months.list_praised(conn, end - PRAISED_FOR, end, LISTED)
            inspected = await staffed.inspected(conn)
            waiting = await sanctions.count_waiting(conn)
            alerts = await sanctions.count_waiting(conn, "alert")
            appealed = await appeals.count_waiting(conn, now)
        values = {
            "month": month,
            "earlier": month.on(-1),
            "later": month.on(1) if month < today else None,
            "now": now,
            "units": units,
            "figures": days.total(told),
            "before": before["complaints"],
            "chart": chart(
                month.first,
                month.days,
                (Count(one["day"], one["complaints"], one["substantiated"]) for one in told),
            ),
            "troubled": trouble,
            "praised": praised,
            "waiting": waiting,
            "alerts": alerts,
            "appealed": appealed,
            "answering": call.operator.role in access.SUPERVISORS,
            "sanctioning": call.operator.role in access.SANCTION_READERS,
            "inspected": inspected or call.operator.role != "leadership",
        }
        return Page("leadership.html", values)


def asked_month(said: str, today: Month) -> Month:
    """The month that an address names; this one where it names none, or one to come."""
    found = _MONTH.fullmatch(said)
    return min(Month(int(found[1]), int(found[2])), today) if found else today
