"""The staff's page of invitations: a unit's list is looked at and drawn from, each draw logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from services.intake.accept.store import invitations, units
from services.intake.accept.store.units import Unit
from services.intake.open.drawing import Drawn, Sending, draw
from services.intake.open.rules import visits as lists
from services.intake.open.rules.hiding import is_small
from services.intake.open.rules.visits import Visits
from shared import access
from shared.db import Connection, Database
from shared.errors import Invalid, Misconfigured, Refused, Wrong
from shared.policy import Policies
from shared.values import clock, text
from shared.values.sheet import BadSheet
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page
from shared.web.uploads import Uploads

ADDRESS = "/invitations"
DRAWERS, READERS = staff(access.DRAWERS), staff(access.DRAW_READERS)
LISTED = 50
LARGEST = 40 * 1024
SIZE = 2000


class Wanted(NamedTuple):
    """What a form asks for, once everything in it is right."""

    unit: Unit
    size: int
    visits: Visits


@dataclass(frozen=True)
class InvitingPages:
    """`/invitations`."""

    database: Database
    policies: Policies
    keys: Mapping[str, bytes]
    sending: Sending

    def endpoints(self) -> list[Endpoint]:
        """The log with its form, the look at a list, and the draw."""
        return [
            Endpoint("GET", ADDRESS, self.show, "The draws, and a form for another", READERS),
            Endpoint(
                "POST", f"{ADDRESS}/look", self.look, "Look at a list before drawing from it",
                DRAWERS, form=True, again=self.again, csrf="token", repeat="form",
                uploads=Uploads({"file": 1}, LARGEST),
            ),
            Endpoint(
                "POST", ADDRESS, self.draw, "Draw from a list, and invite those who were drawn",
                DRAWERS, form=True, again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The log, newest first."""
        return await self._page(call)

    async def look(self, call: Call[None, None]) -> Page:
        """How many visits and phones there are; nothing of it is kept."""
        call.fields = _with_file(call)
        async with self.database.transaction(as_=call.operator) as conn:
            wanted = await _wanted(conn, call)
        values = {
            "unit": wanted.unit,
            "size": wanted.size,
            "count": len(wanted.visits),
            "phones": sum(lists.reachable(typed) is not None for typed in wanted.visits.values()),
            "unusable": lists.refused(wanted.visits),
            "visits": lists.written(wanted.visits),
        }
        return Page("invitations_look.html", values)

    async def draw(self, call: Call[None, None]) -> Page:
        """Whom it invited, with the codes to hand out; a second click gets the same."""
        async with self.database.transaction(as_=call.operator) as conn:
            done = await repeats.once(conn, call, Drawn, partial(self._draw, conn, call))
        return Page("invitations_drawn.html", {"done": done, "base": self.sending.base})

    async def _draw(self, conn: Connection, call: Call[None, None]) -> Drawn:
        wanted = await _wanted(conn, call)
        day = clock.service_day(clock.now(), self.policies.editions[-1].zone)
        try:
            return await draw(
                conn, self.keys, wanted.unit.code, wanted.visits, self.sending,
                size=wanted.size, by=call.operator.name, day=day,
            )  # fmt: skip
        except Misconfigured:
            raise Invalid(Wrong("visits", "wrong.drawn_before")) from None

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The form with what was typed, and what to mend."""
        return await self._page(call, call.fields, refused)

    async def _page(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            draws = await invitations.list_draws(conn, LISTED)
            own = await units.list_below(conn, call.operator.scope)
        values = {
            "draws": draws,
            "units": own,
            "typed": typed,
            "may_draw": call.operator.role in access.DRAWERS,
            "is_small": is_small,
        }
        return Page("invitations.html", values, refused=refused)


def _with_file(call: Call[Any, Any]) -> Fields:
    """The fields, with a sheet that came as a file in place of what was typed. Invalid."""
    for file in call.files:
        if file.wrong == "empty":
            continue
        if file.wrong:
            raise Invalid(Wrong("visits", "wrong.list_too_large", kib=LARGEST // 1024))
        file.content.seek(0)
        return call.fields.having("visits", lists.written(_read(file.content.read())))
    return call.fields


def _read(raw: bytes) -> Visits:
    try:
        return lists.read(raw)
    except BadSheet as bad:
        first = bad.errors[0]
        values = {"line": first.line, **first.values}
        raise Invalid(Wrong("visits", first.key, **values)) from None


async def _wanted(conn: Connection, call: Call[Any, Any]) -> Wanted:
    """What the form says. Invalid names all that is wrong with it."""
    wrong = []
    own = {one.code: one for one in await units.list_below(conn, call.operator.scope)}
    unit = own.get(text.identifier(call.fields.one("unit")))
    if unit is None:
        wrong.append(Wrong("unit", "wrong.draw_unit"))
    visits = _read(f"\ufeff{call.fields.one('visits')}".encode())
    size = text.number(call.fields.one("size"), SIZE)
    if not size or size > len(visits):
        wrong.append(Wrong("size", "wrong.draw_size", most=min(SIZE, len(visits))))
    if wrong or size is None or unit is None:
        raise Invalid(*wrong)
    return Wanted(unit, size, visits)
