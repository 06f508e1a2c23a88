"""Scoring's staff pages: units with their points, a unit's ledger, an officer; and their praise."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote, urlencode

from services.scoring import papers as made
from services.scoring import views
from services.scoring.api import MONTHS, READERS, load_score, load_strikes
from services.scoring.store import commendations, papers, points, sanctions
from shared import access
from shared.access import Operator
from shared.db import Database, as_itself
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See


@dataclass(frozen=True)
class ScorePages:
    """`/scores`, `/scores/{unit_code}` and `/scores/officers/{badge}`."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        row = partial(Endpoint, "GET", who=READERS)
        return [
            row("/", self.home, "To the scores"),
            row("/scores", self.units, "The units below one's place, and their points",
                query=views.UnitsQuery),
            row("/scores/{unit_code}", self.unit, "A unit's points, each with its case",
                params={"unit_code": str}, query=views.EntriesQuery),
            row("/scores/officers/{badge}", self.officer,
                "An officer's strikes in force, and their praise by month", params={"badge": str}),
        ]  # fmt: skip

    async def home(self, call: Call[None, None]) -> See:
        """Leadership reads the month first, everybody else the units."""
        return See("/leadership" if call.operator.role == "leadership" else "/scores")

    async def units(self, call: Call[None, views.UnitsQuery]) -> Page:
        """All units, by code."""
        query = call.query
        async with self.database.transaction(as_=call.operator) as conn:
            rows = await points.list_balances(conn, query.after, query.limit)
        last = rows[-1]["unit_code"] if len(rows) == query.limit else None
        onward = _onward("/scores", after=last, limit=query.limit)
        values = {"units": rows, "next_page": onward}
        return Page("scores.html", values | _rail(call.operator))

    async def unit(self, call: Call[None, views.EntriesQuery]) -> Page:
        """One unit's ledger, and whom citizens praised there."""
        async with self.database.transaction(as_=call.operator) as conn:
            score = await load_score(conn, call.params["unit_code"], call.query)
            praise = await commendations.list_of_unit(
                conn, score.unit_code, self._zone, self._since()
            )
        path = f"/scores/{quote(score.unit_code, safe='')}"
        onward = _onward(path, before=score.next_before, limit=call.query.limit)
        values = {"score": score, "praise": praise, "next_page": onward}
        return Page("score.html", values | _rail(call.operator))

    async def officer(self, call: Call[None, None]) -> Page:
        """One officer; praise is theirs wherever they served when it was said."""
        async with self.database.transaction(as_=call.operator) as conn:
            officer = await load_strikes(conn, self.policies, call.operator, call.params["badge"])
            documents = await papers.list_of_officer(conn, officer.badge)
            struck = [own for strike in officer.strikes for own in strike.case_ids]
            cases = await papers.list_cases(conn, struck)
            proposed = await sanctions.list_of_officer(conn, officer.badge)
            async with as_itself(conn, call.operator):
                praise = await commendations.list_of_officer(
                    conn, officer.badge, self._zone, self._since()
                )
        values = {
            "officer": officer,
            "praise": praise,
            "documents": documents,
            "called": partial(made.ref, policies=self.policies),
            "cases": {case.case_id: case for case in cases},
            "told": partial(made.told, policies=self.policies),
            "rule": self.policies.editions[-1].strikes,
        }
        rail = _rail(call.operator)
        return Page(
            "officer.html", values | rail | {"proposed": proposed if rail["sanctioning"] else []}
        )

    @property
    def _zone(self) -> str:
        return self.policies.editions[-1].timezone

    def _since(self) -> datetime:
        """The first of the month a year ago."""
        zone = self.policies.editions[-1].zone
        first = (clock.service_day(clock.now(), zone) - MONTHS).replace(day=1)
        return datetime(first.year, first.month, 1, tzinfo=zone)


def _rail(operator: Operator) -> dict[str, object]:
    """What the views beside the page depend on."""
    return {"sanctioning": operator.role in access.SANCTION_READERS}


def _onward(path: str, *, limit: int, **last: str | int | None) -> str | None:
    """Where the next page is; it keeps the size that was asked for."""
    if None in last.values():
        return None
    return f"{path}?{urlencode({**last, 'limit': limit})}"
