"""A unit's pages: its points with every reason, and what was found true there, month by month."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from urllib.parse import quote

from pydantic import Field

from services.scoring import papers as made
from services.scoring import views
from services.scoring.api import READERS
from services.scoring.charts import Close, course
from services.scoring.railing import onward, praised_since, rail
from services.scoring.rules.reading import may_read
from services.scoring.score_views import Course, Months
from services.scoring.scores import load_course, load_months, load_score
from services.scoring.store import commendations, papers
from services.scoring.telling import Teller
from shared.db import Database
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page

# So many documents stand on the page; the lists of their kinds have all of them.
_PAPERS = 10


class MonthQuery(views.Query):
    """GET /scores/{unit_code}/found; the month that is under way by default."""

    month: str | None = Field(default=None, pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class UnitPages:
    """`/scores/{unit_code}` and what was found true there."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """Both."""
        row = partial(Endpoint, "GET", who=READERS, params={"unit_code": str})
        return [
            row("/scores/{unit_code}", self.unit, "A unit's points, each with its cases",
                query=views.EntriesQuery),
            row("/scores/{unit_code}/found", self.found,
                "What was found true at a unit in a month, by incident", query=MonthQuery),
        ]  # fmt: skip

    async def unit(self, call: Call[None, views.EntriesQuery]) -> Page:
        """One unit's ledger, how it got there, and whom citizens praised there."""
        teller, code = self._teller(call), call.params["unit_code"]
        async with self.database.transaction(as_=call.operator) as conn:
            score = await load_score(conn, teller, code, call.query)
            ran = await load_course(conn, teller, code)
            months = await load_months(conn, teller, code)
            documents = await papers.list_of_unit(conn, code, _PAPERS)
            praise = await commendations.list_of_unit(conn, code, *praised_since(self.policies))
        today = self._today()
        path = f"/scores/{quote(code, safe='')}"
        values = {
            "score": score,
            "home": path,
            "year": today.year,
            "this_year": _of_year(ran, months, today.year),
            "praised": sum(one["number"] for one in praise if one["month"].year == today.year),
            "now": _month(months, today),
            "needed": self.policies.at(clock.now()).prominent.incidents,
            "ran": ran,
            "may_fall": sum(one.provisional_centipoints for one in ran.days),
            "chart": course(ran.since, today, ran.begin_centipoints, _closes(ran)),
            "months": months.months,
            "documents": documents,
            "called": partial(made.ref, policies=self.policies),
            "praise": praise,
            "may_read": may_read,
            "next_page": onward(path, before=score.next_before, limit=call.query.limit),
        }
        return Page("score.html", values | rail(call.operator))

    async def found(self, call: Call[None, MonthQuery]) -> Page:
        """Every incident of a month with its cases, and what they cost."""
        teller, code = self._teller(call), call.params["unit_code"]
        wanted = call.query.month or f"{self._today():%Y-%m}"
        async with self.database.transaction(as_=call.operator) as conn:
            months = await load_months(conn, teller, code)
        of_month = [one for one in months.months if one.month == wanted]
        values = {
            "unit": months,
            "month": wanted,
            "found": of_month[0] if of_month else None,
            "incidents": of_month[0].incidents if of_month else [],
        }
        return Page("found.html", values | rail(call.operator))

    def _teller(self, call: Call[None, views.EntriesQuery] | Call[None, MonthQuery]) -> Teller:
        return Teller(self.policies, call.operator, call.language)

    def _today(self) -> date:
        return clock.service_day(clock.now(), self.policies.editions[-1].zone)


def _of_year(ran: Course, months: Months, year: int) -> tuple[int, int]:
    """What a year's entries come to, and how many incidents of it were found true."""
    points = sum(one.change_centipoints for one in ran.days if one.day.year == year)
    found = (len(one.incidents) for one in months.months if one.month.startswith(f"{year}-"))
    return points, sum(found)


def _month(months: Months, today: date) -> int:
    """How many incidents of the month under way were found true so far."""
    wanted = f"{today:%Y-%m}"
    return sum(len(one.incidents) for one in months.months if one.month == wanted)


def _closes(ran: Course) -> list[Close]:
    return [
        Close(one.day, one.change_centipoints, one.balance_centipoints, one.provisional_centipoints)
        for one in ran.days
    ]
