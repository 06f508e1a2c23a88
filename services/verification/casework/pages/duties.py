"""The duty roster of a unit, a week at a time, with the forms that change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal
from urllib.parse import quote, urlencode

from pydantic import BaseModel, Field, ValidationError

from services.verification.casework import duty_bodies
from services.verification.casework.acts import duties as acts
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.duties import KEEPERS, Rostered
from services.verification.casework.api import READERS
from services.verification.directory.rules import duties as rules
from services.verification.directory.rules.duties import WEEK, Duty
from services.verification.directory.store import duties, officers, operators, units, windows
from shared.db import Connection, Database
from shared.errors import Refused
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

LIST = "/desk/duties"
ADDRESS = "/desk/directory/units/{unit_code}/duties"
_NOTES = 20


class WeekQuery(BaseModel):
    """What an address says: a day of the week that is meant, and what was just done."""

    week: duty_bodies.Day | None = None
    done: Literal["", "planned", "removed", "again"] = ""
    n: int = Field(default=0, ge=0, le=9999)
    left: int = Field(default=0, ge=0, le=9999)


@dataclass(frozen=True)
class DutyPages:
    """`/desk/duties`, and each unit's own."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The units, a unit's week, and three forms."""
        form = partial(
            Endpoint, "POST", who=staff(KEEPERS), params={"unit_code": str}, form=True,
            again=self.again, csrf="token", repeat="form",
        )  # fmt: skip
        return [
            Endpoint("GET", LIST, self.show_units, "The duty rosters of all units", READERS),
            Endpoint("GET", ADDRESS, self.show, "A unit's duty roster", READERS,
                     params={"unit_code": str}),
            form(ADDRESS, self.add, "Put an officer on duty", body=duty_bodies.DutiesBody),
            form(f"{ADDRESS}/removal", self.remove, "Take duties off the roster",
                 body=duty_bodies.RemovalBody),
            form(f"{ADDRESS}/again", self.carry_over, "Carry last week's duties over",
                 body=duty_bodies.CarryBody),
        ]  # fmt: skip

    async def show_units(self, call: Call[None, None]) -> Page | See:
        """Who has one unit only is led to it."""
        begins = self._begins(None)
        async with self.database.reading(as_=call.operator) as conn:
            names = await units.list_all_names(conn)
            counts = await duties.count_officers(conn, begins, begins + WEEK)
        if call.operator.scope in names:
            return See(_address(call.operator.scope))
        return Page("duties_units.html", {"units": names, "counts": counts, "own": _address})

    async def show(self, call: Call[None, None]) -> Page:
        """The week that is asked for, or this one."""
        return await self._page(call)

    async def add(self, call: Call[duty_bodies.DutiesBody, None]) -> See:
        """Back to the week."""
        first = min(call.body.days, default=None)
        return await self._done(call, "planned", first, partial(acts.add, body=call.body))

    async def remove(self, call: Call[duty_bodies.RemovalBody, None]) -> See:
        """Back to the week."""
        doing = partial(acts.remove, duty_ids=call.body.ids)
        return await self._done(call, "removed", _query(call.asking).week, doing)

    async def carry_over(self, call: Call[duty_bodies.CarryBody, None]) -> See:
        """Back to the week."""
        monday = rules.monday(call.body.week)
        return await self._done(call, "again", monday, partial(acts.carry_over, monday=monday))

    async def _done(self, call: Call[Any, None], done: str, week: date | None, act: Any) -> See:
        unit = call.params["unit_code"]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(act, conn, self.desk, call.operator, unit)
            made = await repeats.once(conn, call, Rostered, doing)
        asked = {"week": week or self._today(), "done": done, "n": made.done, "left": made.left}
        return See(f"{_address(unit)}?{urlencode(asked)}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The week with what was chosen, and why it was not taken."""
        return await self._page(call, call.fields, refused)

    async def _page(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        query = _query(call.asking)
        begins = self._begins(query.week)
        async with self.database.reading(as_=call.operator) as conn:
            unit = await acts.find_unit(conn, call.params["unit_code"])
            found = await duties.list_between(conn, unit.unit_code, begins, begins + WEEK)
            notes = await duties.list_notes(conn, unit.unit_code, begins, begins + WEEK, _NOTES)
            active = await officers.list_roster(conn, unit.unit_code)
            values = {
                "unit": unit,
                "windows": await windows.list_windows(conn, unit.unit_code),
                "officers": active,
                "names": active | await _names(conn, [*found, *notes]),
                "people": await operators.list_names(conn, [one.username for one in notes]),
                "notes": notes,
            }
        values |= {
            "own": _address(unit.unit_code),
            "duties": self._by_day(found),
            "days": [begins.date() + timedelta(days=n) for n in range(7)],
            "query": query,
            "week": begins.date(),
            "step": WEEK,
            "hour": self._hour,
            "day": self._day,
            "may": call.operator.role in KEEPERS,
            "may_change": partial(acts.may_change, call.operator),
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("duties.html", values, refused=refused)

    @property
    def _zone(self) -> Any:
        return self.desk.policies.editions[-1].zone

    def _today(self) -> date:
        return clock.service_day(clock.now(), self._zone)

    def _begins(self, day: date | None) -> Any:
        """0:00 of the Monday of that week, or of this one."""
        return rules.start_of(rules.monday(day or self._today()), self._zone)

    def _hour(self, at: Any) -> str:
        return f"{at.astimezone(self._zone):%H:%M}"

    def _day(self, at: Any) -> date:
        day: date = at.astimezone(self._zone).date()
        return day

    def _by_day(self, found: Sequence[Duty]) -> Mapping[tuple[int, date], list[Duty]]:
        """By window and the day on which it begins."""
        cells: dict[tuple[int, date], list[Duty]] = {}
        for one in found:
            cells.setdefault((one.counter, self._day(one.starts_at)), []).append(one)
        return cells


async def _names(conn: Connection, found: Sequence[Any]) -> dict[str, str]:
    """Of officers who are on it but serve elsewhere by now."""
    return await officers.list_officer_names(conn, list({one.badge for one in found}))


def _address(unit_code: str) -> str:
    return f"/desk/directory/units/{quote(unit_code, safe='')}/duties"


def _query(given: Mapping[str, str]) -> WeekQuery:
    # A link with a week that nobody can read shows this one, not an error.
    try:
        return WeekQuery.model_validate({n: v for n, v in given.items() if v})
    except ValidationError:
        return WeekQuery()
