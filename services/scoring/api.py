"""HTTP of scoring: the public figures, and for the staff every point and strike explained."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Any

from asyncpg import Record

from services.scoring import views
from services.scoring.rules.provisional import OPEN, firm_at
from services.scoring.rules.reading import may_read
from services.scoring.rules.strikes import strikes_of, year_of
from services.scoring.rules.values import Appeal, Fact, Scope, Strike
from services.scoring.score_views import Course, Months, Score
from services.scoring.scores import find_unit, load_course, load_months, load_score
from services.scoring.store import appeals, criticisms, directory, figures, strikes, verdicts
from services.scoring.telling import Teller
from shared import access
from shared.access import Operator
from shared.db import Connection, Database, as_itself
from shared.errors import NotFound
from shared.papers.wording import called
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import Call, Endpoint, staff, statistics

MONTHS = timedelta(days=365)
READERS = staff(access.SCORE_READERS)


@dataclass(frozen=True)
class Api:
    """The handlers."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        unit, officer = "/api/v1/units/{unit_code}", "/api/v1/officers/{badge}"
        row = partial(Endpoint, "GET", who=READERS)
        return [
            statistics(
                self.figures, "Counts of complaints, verdicts, criticisms, rewards and points",
                views.Figures,
            ),
            row(
                f"{unit}/score", self.unit_score,
                "A unit's balance of points and what it consists of, newest entry first",
                params={"unit_code": str}, query=views.EntriesQuery, answers={200: Score},
            ),
            row(
                f"{unit}/course", self.unit_course,
                "The days of the last year on which a unit's balance changed",
                params={"unit_code": str}, answers={200: Course},
            ),
            row(
                f"{unit}/months", self.unit_months,
                "What was found true at a unit in each month of the last year, by incident",
                params={"unit_code": str}, answers={200: Months},
            ),
            row(
                f"{unit}/satisfaction", self.unit_satisfaction,
                "A unit's ratings by level for each month of the last year",
                params={"unit_code": str}, answers={200: views.Satisfaction},
            ),
            row(
                f"{officer}/strikes", self.officer_strikes,
                "An officer's strikes in force, each with its cases",
                params={"badge": str}, answers={200: views.Strikes},
            ),
            row(
                "/api/v1/criticisms", self.list_criticisms,
                "A year's circulated criticisms by number",
                query=views.CriticismsQuery, answers={200: views.Criticisms},
            ),
        ]  # fmt: skip

    async def figures(self, _: Call[None, None]) -> views.Figures:
        """Counts for the public table of rule 16."""
        async with self.database.acquire() as conn:
            found = await figures.get_figures(conn, self.policies.editions[-1].timezone)
        return views.Figures(**found)

    async def unit_score(self, call: Call[None, views.EntriesQuery]) -> Score:
        """Balance and entries."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await load_score(conn, self._teller(call), call.params["unit_code"], call.query)

    async def unit_course(self, call: Call[None, None]) -> Course:
        """How the balance came about."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await load_course(conn, self._teller(call), call.params["unit_code"])

    async def unit_months(self, call: Call[None, None]) -> Months:
        """Incidents by month."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await load_months(conn, self._teller(call), call.params["unit_code"])

    def _teller(self, call: Call[Any, Any]) -> Teller:
        return Teller(self.policies, call.operator, call.language)

    async def unit_satisfaction(self, call: Call[None, None]) -> views.Satisfaction:
        """Ratings by level and month."""
        since = (clock.service_day(clock.now()) - MONTHS).replace(day=1)
        async with self.database.transaction(as_=call.operator) as conn:
            unit = await find_unit(conn, call.params["unit_code"])
            rows = await figures.list_satisfaction(conn, unit.unit_code, since)
        return views.Satisfaction(**unit.model_dump(), months=months_of(rows))

    async def officer_strikes(self, call: Call[None, None]) -> views.Strikes:
        """Strikes in force, and the ledger that they follow from."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await load_strikes(conn, self.policies, call.operator, call.params["badge"])

    async def list_criticisms(self, call: Call[None, views.CriticismsQuery]) -> views.Criticisms:
        """A page of them."""
        year = call.query.year or clock.service_day(clock.now()).year
        async with self.database.transaction(as_=call.operator) as conn:
            rows = await criticisms.list_criticisms(conn, year, call.query.after, call.query.limit)
        last = rows[-1]["number"] if len(rows) == call.query.limit else None
        return views.Criticisms(
            year=year, criticisms=[_criticism(row, self.policies) for row in rows], next_after=last
        )


async def load_strikes(
    conn: Connection, policies: Policies, who: Operator, badge: str
) -> views.Strikes:
    """An officer whom the operator may see, with strikes and ledger."""
    officer = await directory.get_officer(conn, badge)
    if officer is None or not may_read(who, badge):
        raise NotFound("refused.no_officer")
    marks = await strikes.get_officers_marks(conn, [badge])
    ledger = await strikes.list_ledger(conn, badge)
    async with as_itself(conn, who):
        held = await verdicts.list_facts(conn, [Scope("officer", badge)])
        appealed = await appeals.list_of(conn, badge)
    shown = [_strike(strike, held, appealed, policies) for strike in strikes_of(marks, policies)]
    return views.Strikes(**officer, strikes=shown, ledger=[views.Mark(**mark) for mark in ledger])


def _strike(
    strike: Strike, held: list[Fact], appealed: list[Appeal], policies: Policies
) -> views.StrikeShown:
    first = strike.first
    own = [fact for fact in held if fact.case_id in strike.case_ids]
    firm = firm_at(own, appealed, policies)
    waits = firm == OPEN
    return views.StrikeShown(
        year=year_of(first.received_at, policies.at(first.received_at)),
        number=strike.number,
        incident_id=first.incident_id,
        unit_code=first.unit_code,
        received_at=first.received_at,
        case_ids=list(strike.case_ids),
        provisional_until=firm if firm and not waits and clock.now() < firm else None,
        appealed=waits,
    )


def _criticism(row: Record, policies: Policies) -> views.Criticism:
    mark = policies.at(row["issued_at"]).papers.marks.criticism
    title = called(mark, row["year"], row["number"])
    return views.Criticism(**row, title=title, in_force=row["withdrawn_at"] is None)


def months_of(rows: list[Record]) -> list[views.Month]:
    """Rows of (month, satisfaction, count), sorted by month, as one object for each month."""
    return [
        views.Month(
            month=f"{month:%Y-%m}", levels={row["satisfaction"]: row["count"] for row in group}
        )
        for month, group in groupby(rows, key=lambda row: row["month"])
    ]
