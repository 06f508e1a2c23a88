"""The JSON API of the duty roster: the program in which a unit plans says who stands where when."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.verification.casework import duty_bodies
from services.verification.casework.acts import duties as acts
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.duties import KEEPERS, Rostered
from services.verification.casework.api import READERS
from services.verification.directory.rules import duties as rules
from services.verification.directory.rules.duties import WEEK, Duty
from services.verification.directory.store import duties
from shared.db import Database
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff

ADDRESS = "/api/v1/units/{unit_code}/duties"


class WeekAsked(BaseModel):
    """Which week: of this day, else the running one."""

    model_config = ConfigDict(frozen=True)

    week: duty_bodies.Day | None = None


class DutyShown(BaseModel):
    """An officer at a window."""

    duty_id: int
    counter: int
    badge: str
    starts_at: datetime
    ends_at: datetime


class Roster(BaseModel):
    """A unit's week, from the Monday at 0:00 of the bureau's time."""

    unit_code: str
    monday: date
    items: list[DutyShown]


@dataclass(frozen=True)
class DutyApi:
    """`/api/v1/units/{unit_code}/duties`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The week, and three acts."""
        unit = {"unit_code": str}
        act = partial(
            Endpoint, "POST", who=staff(KEEPERS), params=unit, repeat="header",
            answers={201: Rostered},
        )  # fmt: skip
        return [
            Endpoint("GET", ADDRESS, self.show, "A unit's duty roster of a week", READERS,
                     params=unit, query=WeekAsked, answers={200: Roster}),
            act(ADDRESS, self.add, "Put an officer on duty", body=duty_bodies.DutiesBody),
            act(f"{ADDRESS}/removal", self.remove, "Take duties off the roster",
                body=duty_bodies.RemovalBody),
            act(f"{ADDRESS}/again", self.carry_over, "Carry last week's duties over",
                body=duty_bodies.CarryBody),
        ]  # fmt: skip

    async def show(self, call: Call[None, WeekAsked]) -> Roster:
        """In order. NotFound."""
        zone = self.desk.policies.editions[-1].zone
        monday = rules.monday(call.query.week or clock.service_day(clock.now(), zone))
        begins = rules.start_of(monday, zone)
        async with self.database.reading(as_=call.operator) as conn:
            unit = await acts.find_unit(conn, call.params["unit_code"])
            found = await duties.list_between(conn, unit.unit_code, begins, begins + WEEK)
        return Roster(unit_code=unit.unit_code, monday=monday, items=list(map(_shown, found)))

    async def add(self, call: Call[duty_bodies.DutiesBody, None]) -> Rostered:
        """How many."""
        return await self._once(call, partial(acts.add, body=call.body))

    async def remove(self, call: Call[duty_bodies.RemovalBody, None]) -> Rostered:
        """How many."""
        return await self._once(call, partial(acts.remove, duty_ids=call.body.ids))

    async def carry_over(self, call: Call[duty_bodies.CarryBody, None]) -> Rostered:
        """How many, and how many did not fit."""
        monday = rules.monday(call.body.week)
        return await self._once(call, partial(acts.carry_over, monday=monday))

    async def _once(
        self, call: Call[Any, None], act: Callable[..., Awaitable[Rostered]]
    ) -> Rostered:
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(act, conn, self.desk, call.operator, call.params["unit_code"])
            return await repeats.once(conn, call, Rostered, doing)


def _shown(one: Duty) -> DutyShown:
    return DutyShown(
        duty_id=one.duty_id,
        counter=one.counter,
        badge=one.badge,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
    )
