"""The duty roster as the desk keeps it: put on, taken off, last week's carried over.

A unit plans what is to come. What has begun only the level above changes, since it says from whom
complaints are kept (rule 18); the complaints of that day are then held against it again.
"""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, Field

from services.verification.casework.acts.desk import Desk
from services.verification.casework.duty_bodies import DutiesBody
from services.verification.casework.store import cases, recusals
from services.verification.directory.rules import duties as rules
from services.verification.directory.rules.duties import WEEK, Duty
from services.verification.directory.store import duties, officers, units
from services.verification.directory.store.units import StoredUnit
from shared import access
from shared.access import Operator, Role
from shared.db import Connection, as_itself
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Wrong
from shared.observe import log
from shared.values import clock

KEEPERS: tuple[Role, ...] = ("unit_operator", "county_supervisor", "city_supervisor")


class Rostered(BaseModel):
    """What became of it."""

    done: int = Field(description="so many duties were put on the roster, or taken off")
    left: int = Field(0, description="so many of the week before did not fit")


async def find_unit(conn: Connection, unit_code: str) -> StoredUnit:
    """The unit, if whoever the transaction acts for may see it. NotFound."""
    unit = await units.get_unit(conn, unit_code)
    if unit is None:
        raise NotFound("refused.no_unit")
    return unit


def may_change(operator: Operator, starts_at: datetime) -> bool:
    """Whether this operator may change a duty that begins then."""
    return operator.role in access.SUPERVISORS or starts_at > clock.now()


async def add(
    conn: Connection, desk: Desk, operator: Operator, unit_code: str, body: DutiesBody
) -> Rostered:
    """An officer at a window, on each of these days. Invalid names all that is wrong."""
    unit = await find_unit(conn, unit_code)
    await duties.lock(conn)
    roster = await officers.list_roster(conn, unit_code)
    wanted = _wanted(desk, unit_code, body)
    wrongs = list(_wrongs(unit, roster, body))
    if not all(may_change(operator, one.starts_at) for one in wanted):
        wrongs.append(Wrong("days", "duty_begun"))
    if wrongs:
        raise Invalid(*wrongs)
    async with as_itself(conn, operator):
        await _refuse_clashes(conn, desk, unit_code, wanted)
    await _put(conn, desk, operator, wanted)
    return Rostered(done=len(wanted))


def _wanted(desk: Desk, unit_code: str, body: DutiesBody) -> list[Duty]:
    zone = desk.policies.editions[-1].zone
    return [
        Duty(
            unit_code, body.counter, body.badge,
            datetime.combine(day, body.begins, zone), datetime.combine(day, body.ends, zone),
        )
        for day in sorted(set(body.days))
    ]  # fmt: skip


def _wrongs(unit: StoredUnit, roster: dict[str, str], body: DutiesBody) -> list[Wrong]:
    found = []
    if body.counter > unit.counters:
        found.append(Wrong("counter", "duty_no_window", most=unit.counters))
    if body.badge not in roster:
        found.append(Wrong("badge", "duty_no_officer"))
    if not body.days:
        found.append(Wrong("days", "duty_days_needed"))
    if body.ends <= body.begins:
        found.append(Wrong("ends", "duty_ends_first"))
    return found


async def _refuse_clashes(
    conn: Connection, desk: Desk, unit_code: str, wanted: Sequence[Duty]
) -> None:
    there = await duties.list_of(
        conn, [wanted[0].badge], wanted[0].starts_at, max(one.ends_at for one in wanted)
    )
    clashes = [found for one in wanted if (found := rules.first_clash(one, there))]
    if clashes:
        # Where another unit has them is that unit's business.
        key = "duty_clash" if clashes[0].unit_code == unit_code else "duty_clash_elsewhere"
        at = clashes[0].starts_at.astimezone(desk.policies.editions[-1].zone)
        raise Invalid(Wrong("badge", key, n=clashes[0].counter, at=f"{at:%m-%d %H:%M}"))


async def _put(conn: Connection, desk: Desk, operator: Operator, wanted: Sequence[Duty]) -> None:
    await duties.add_duties(conn, wanted, operator.username)
    await _doubt(conn, desk, operator, wanted)
    log.get().info("duties planned", unit_code=wanted[0].unit_code, count=len(wanted))


async def remove(
    conn: Connection, desk: Desk, operator: Operator, unit_code: str, duty_ids: Sequence[int]
) -> Rostered:
    """Take duties off the roster. Invalid without any, Forbidden where one has begun."""
    await find_unit(conn, unit_code)
    await duties.lock(conn)
    if not duty_ids:
        raise Invalid(Wrong("ids", "duty_ids_needed"))
    gone = await duties.remove_duties(conn, unit_code, duty_ids, operator.username)
    if not all(may_change(operator, one.starts_at) for one in gone):
        raise Forbidden("refused.duty_begun")
    if not gone:
        raise Conflict("refused.duty_gone")
    await _doubt(conn, desk, operator, gone)
    log.get().info("duties removed", unit_code=unit_code, count=len(gone))
    return Rostered(done=len(gone))


async def carry_over(
    conn: Connection, desk: Desk, operator: Operator, unit_code: str, monday: date
) -> Rostered:
    """The week before once more, as far as it fits. Conflict where nothing does."""
    await find_unit(conn, unit_code)
    await duties.lock(conn)
    zone = desk.policies.editions[-1].zone
    begins = rules.start_of(monday, zone)
    before = await duties.list_between(conn, unit_code, begins - WEEK, begins)
    before = [one for one in before if one.starts_at < begins]
    active = await officers.list_roster(conn, unit_code)
    async with as_itself(conn, operator):
        badges = list({one.badge for one in before})
        there = await duties.list_of(conn, badges, begins, begins + WEEK + WEEK)
    fitting = [
        one
        for one in rules.carried_over(before, there, active, zone)
        if may_change(operator, one.starts_at)
    ]
    if not fitting:
        raise Conflict("refused.duty_nothing_fits" if before else "refused.duty_nothing_before")
    await _put(conn, desk, operator, fitting)
    return Rostered(done=len(fitting), left=len(before) - len(fitting))


async def _doubt(conn: Connection, desk: Desk, operator: Operator, changed: Sequence[Duty]) -> None:
    """Have the complaints since a day that has begun held against the roster again."""
    first = min(changed, key=lambda one: one.starts_at)
    if first.starts_at <= clock.now():
        since = rules.day_of(first.starts_at, desk.policies.editions[-1].zone).begins
        async with as_itself(conn, operator):
            await cases.lock_all(conn, changes=True)
            await recusals.doubt(conn, first.unit_code, since)
