"""A unit's points as they are loaded for its page and for programs."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from services.scoring import views
from services.scoring.rules import prominent, provisional
from services.scoring.score_views import CaseShown, Course, Day, Months, Score
from services.scoring.store import appeals, directory, papers, points, verdicts
from services.scoring.telling import Cases, Teller
from shared.db import Connection, as_itself
from shared.errors import NotFound
from shared.values import clock

# No window of appeal is longer, nor the answer to an appeal.
_A_YEAR = timedelta(days=365)


async def find_unit(conn: Connection, unit_code: str) -> views.Unit:
    """A unit that the operator may see."""
    unit = await directory.get_unit(conn, unit_code)
    if unit is None:
        raise NotFound("refused.no_unit")
    return views.Unit(**unit)


async def load_score(
    conn: Connection, teller: Teller, unit_code: str, query: views.EntriesQuery
) -> Score:
    """A unit's balance and a page of its ledger."""
    unit = await find_unit(conn, unit_code)
    balance = await points.get_balance(conn, unit_code)
    may_fall = await _may_fall(conn, teller, unit_code)
    entries = await points.list_entries(conn, unit_code, query.before, query.limit, may_fall)
    more = len(entries) == query.limit and entries[-1]["entry_no"] > 1
    ids = (own for one in entries for own in (*one["case_ids"], one["case_id"]))
    known = await _cases(conn, ids)
    return Score(
        **unit.model_dump(),
        balance_centipoints=balance,
        entries=[teller.entry(entry, known) for entry in entries],
        next_before=entries[-1]["entry_no"] if more else None,
    )


async def load_course(conn: Connection, teller: Teller, unit_code: str) -> Course:
    """The days of the last year on which the balance changed."""
    unit, zone = await find_unit(conn, unit_code), teller.policies.editions[-1].zone
    since = _since(clock.service_day(clock.now(), zone))
    begins = datetime(since.year, since.month, 1, tzinfo=zone)
    may_fall = await _may_fall(conn, teller, unit_code)
    rows = await points.list_days(conn, unit_code, begins, zone.key, may_fall)
    days = [Day(**row) for row in rows]
    now = await points.get_balance(conn, unit_code)
    begin = days[0].balance_centipoints - days[0].change_centipoints if days else now
    return Course(**unit.model_dump(), since=since, begin_centipoints=begin, days=days)


async def _may_fall(conn: Connection, teller: Teller, unit_code: str) -> set[UUID]:
    """The cases of a unit whose marks on officers are provisional."""
    now, policies = clock.now(), teller.policies
    appealed = await appeals.list_of_unit(conn, unit_code)
    cases = {one.case_id for one in appealed}
    since = provisional.appealable_since(policies, now)
    marked = await verdicts.list_marked(conn, unit_code, now - _A_YEAR, since, cases)
    return provisional.open_cases(marked, appealed, policies, now)


async def load_months(conn: Connection, teller: Teller, unit_code: str) -> Months:
    """The months of the last year in which something was found true."""
    unit, zone = await find_unit(conn, unit_code), teller.policies.editions[-1].zone
    since = _since(clock.service_day(clock.now(), zone))
    # An incident belongs to the month of its first complaint; a run of months began before it.
    before = datetime(since.year - 1, since.month, 1, tzinfo=zone)
    found = await verdicts.list_found(conn, unit_code, before)
    months = [one for one in prominent.months_of(found, teller.policies) if one.first >= since]
    ids = (fact.case_id for one in months for cases in one.incidents for fact in cases)
    known = await _cases(conn, ids)
    return Months(
        **unit.model_dump(), months=[teller.month(one, known) for one in reversed(months)]
    )


async def load_cases(conn: Connection, teller: Teller, ids: Sequence[UUID]) -> list[CaseShown]:
    """Cases wherever they were, in the order of receipt: for what follows from them together."""
    near = await _cases(conn, ids)
    async with as_itself(conn, teller.operator):
        found = await papers.list_cases(conn, ids)
    return [teller.case(one, near=one.case_id in near) for one in found]


async def _cases(conn: Connection, ids: Iterable[UUID]) -> Cases:
    found = await papers.list_cases(conn, sorted(set(ids)))
    return {one.case_id: one for one in found}


def _since(today: date) -> date:
    """The first of the same month a year ago."""
    return date(today.year - 1, today.month, 1)
