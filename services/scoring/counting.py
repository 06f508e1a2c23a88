"""The complaints that a figure of a month counts: the list to which leadership's figures lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring import views
from services.scoring.leadership import ADDRESS, READERS, Month, asked_month
from services.scoring.score_views import CaseShown
from services.scoring.store import counted, papers
from services.scoring.store.counted import WHICH
from services.scoring.store.days import Span
from services.scoring.store.months import Which
from services.scoring.telling import Teller
from shared import access
from shared.db import Connection, Database
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table, written_at
from shared.web.replies import Page
from shared.web.texts import texts

PAGE = f"{ADDRESS}/cases"
API = "/api/v1/complaints"
COLUMNS = ("received", "case", "unit_code", "unit", "strike_found", "score_blamed")
_PAGE = 50


class CountedQuery(views.Query):
    """Of which month and figure; `at` and `last` are of the last case on the page before."""

    month: str = ""
    which: Which = "complaints"
    at: datetime | None = None
    last: UUID | None = None

    @property
    def before(self) -> tuple[datetime, UUID] | None:
        """Where the page before ended."""
        return (self.at, self.last) if self.at and self.at.tzinfo and self.last else None


class CaseCounted(CaseShown):
    """One of them, and where; of what is the inspection's nobody else is told the unit."""

    unit_code: str
    unit_name: str


class Counted(BaseModel):
    """A page of them, the newest first; `next` asks for the page after it."""

    month: str
    number: int = Field(description="how many the figure counts")
    verified: int = Field(description="how many of them have a verdict, and stand in the list")
    cases: list[CaseCounted]
    next: str | None


@dataclass(frozen=True)
class CountedCases:
    """`/leadership/cases`, and the same for programs."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        told = "The complaints behind a figure of a month"
        return [
            Endpoint("GET", PAGE, self.show, told, READERS, query=CountedQuery),
            Endpoint("GET", API, self.list_cases, told, READERS, query=CountedQuery,
                     answers={200: Counted}),
            *Exports(
                f"{PAGE}/exports", PAGE, "complaints", READERS, self.database, self.export
            ).endpoints(),
        ]  # fmt: skip

    async def show(self, call: Call[None, CountedQuery]) -> Page:
        """With the way back to the month."""
        found = await self._load(call, PAGE)
        values = {
            "found": found,
            "which": call.query.which,
            "next_page": found.next,
            "sanctioning": call.operator.role in access.SANCTION_READERS,
        }
        return Page("counted.html", values)

    async def list_cases(self, call: Call[None, CountedQuery]) -> Counted:
        """The same."""
        return await self._load(call, API)

    async def export(
        self, conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]
    ) -> Table:
        """All of them, as the page tells each."""
        which = asked.get("which", "")
        query = CountedQuery(month=asked.get("month", ""), which=_known(which))
        month = self._month(query)
        rows = await counted.list_newest(conn, *self._span(month, query), None, MOST + 1)
        teller, words = self._teller(call), texts(call.language)
        cases = [
            (
                written_at(one.received_at), one.number, one.unit_code, one.unit_name,
                teller.found(one),
                "" if one.hidden else words.text(f"attribution_{one.attribution}_label"),
            )
            for one in await _cases(conn, teller, rows)
        ]  # fmt: skip
        return Table(COLUMNS, cases, urlencode({"month": str(month), "which": query.which}))

    async def _load(self, call: Call[None, CountedQuery], address: str) -> Counted:
        query = call.query
        month = self._month(query)
        which = self._span(month, query)
        async with self.database.reading(as_=call.operator) as conn:
            number, verified = await counted.count(conn, *which)
            rows = await counted.list_newest(conn, *which, query.before, _PAGE + 1)
            cases = await _cases(conn, self._teller(call), rows[:_PAGE])
        return Counted(
            month=str(month),
            number=number,
            verified=verified,
            cases=cases,
            next=_link(address, month, query, rows[_PAGE - 1]) if len(rows) > _PAGE else None,
        )

    def _month(self, query: CountedQuery) -> Month:
        today = clock.service_day(clock.now(), self.policies.editions[-1].zone)
        return asked_month(query.month, Month.of(today))

    def _span(self, month: Month, query: CountedQuery) -> tuple[Span, str, Which]:
        rule = self.policies.editions[-1]
        span = (month.begins(rule.zone), month.on(1).begins(rule.zone))
        return span, rule.timezone, query.which

    def _teller(self, call: Call[Any, Any]) -> Teller:
        return Teller(self.policies, call.operator, call.language)


async def _cases(conn: Connection, teller: Teller, rows: Sequence[Any]) -> list[CaseCounted]:
    """What stands behind these rows, in their order."""
    found = await papers.list_cases(conn, [row["case_id"] for row in rows])
    cases = {one.case_id: teller.case(one) for one in found}
    return [_told(row, cases[row["case_id"]]) for row in rows]


def _known(said: str) -> Which:
    return next((one for one in WHICH if one == said), "complaints")


def _told(row: Any, case: CaseShown) -> CaseCounted:
    where = {"unit_code": row["unit_code"], "unit_name": row["unit_name"] or row["unit_code"]}
    hidden = dict.fromkeys(where, "")
    return CaseCounted(**case.model_dump(), **(hidden if case.hidden else where))


def _link(address: str, month: Month, query: CountedQuery, last: Any) -> str:
    onward = {
        "month": str(month), "which": query.which, "at": last["received_at"].isoformat(),
        "last": str(last["case_id"]),
    }  # fmt: skip
    return f"{address}?{urlencode(onward)}"
