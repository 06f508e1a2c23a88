"""`/open/sample` and its JSON: the random review, for anybody to check."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from pydantic import BaseModel, Field

from services.intake.sample import store, views
from services.intake.sample.replaying import Replayed, replay
from services.intake.sample.views import Days, WholeDay
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.values import text
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page

ADDRESS = "/api/v1/open/sample"
SHOWN = 31


class DaysQuery(BaseModel):
    """Which days are shown."""

    before: date | None = Field(None, description="only days before this one")


class PageQuery(DaysQuery):
    """And whose number in the draw somebody looks for."""

    number: str = Field("", max_length=100)


@dataclass(frozen=True)
class SamplePages:
    """The handlers."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """The page, the days, and one of them with all its lots."""
        row = partial(Endpoint, "GET", who=PUBLIC)
        return [
            row("/open/sample", self.show, "The random review, and how to draw it again",
                query=PageQuery),
            row(ADDRESS, self.days, "The days of the random review: commitments and seeds",
                query=DaysQuery, answers={200: Days}),
            row(f"{ADDRESS}/{{day}}", self.day, "A day of the random review with every lot",
                params={"day": date}, answers={200: WholeDay}),
        ]  # fmt: skip

    async def show(self, call: Call[None, PageQuery]) -> Page:
        """Each day with its lots drawn again; and the case that somebody looks for."""
        number = text.identifier(call.query.number).lower()
        async with self.database.acquire() as conn:
            found = await store.find(conn, number) if number else []
            days = await _days(conn, call.query.before)
            again = {one.day: await _again(conn, one) for one in days.days}
        values = {"days": days, "again": again, "number": number, "found": found}
        return Page("sample.html", values)

    async def days(self, call: Call[None, DaysQuery]) -> Days:
        """Newest first."""
        async with self.database.acquire() as conn:
            return await _days(conn, call.query.before)

    async def day(self, call: Call[None, None]) -> WholeDay:
        """To be saved, and drawn again. NotFound."""
        async with self.database.acquire() as conn:
            found = await store.get_day(conn, call.params["day"])
        if found is None:
            raise NotFound()
        return found


async def _days(conn: Connection, before: date | None) -> Days:
    found = await store.list_days(conn, before, SHOWN + 1)
    shown = found[:SHOWN]
    return Days(days=shown, earlier=shown[-1].day if len(found) > SHOWN else None)


async def _again(conn: Connection, day: views.Day) -> Replayed | None:
    whole = await store.get_day(conn, day.day) if day.seed else None
    return replay(whole) if whole else None
