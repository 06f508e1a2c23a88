"""Scoring's staff pages: units with their points, and a unit's ledger."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from services.scoring import views
from services.scoring.api import READERS, load_score
from services.scoring.store import points
from shared.db import Database
from shared.web.endpoints import Call, Endpoint, Page, See


@dataclass(frozen=True)
class ScorePages:
    """`/scores` and `/scores/{unit_code}`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("GET", "/", self.home, "To the scores", READERS),
            Endpoint(
                "GET", "/scores", self.units, "The units below one's place, and their points",
                READERS, query=views.UnitsQuery,
            ),
            Endpoint(
                "GET", "/scores/{unit_code}", self.unit, "A unit's points, each with its case",
                READERS, params={"unit_code": str}, query=views.EntriesQuery,
            ),
        ]  # fmt: skip

    async def home(self, _: Call[None, None]) -> See:
        """There are only scores here."""
        return See("/scores")

    async def units(self, call: Call[None, views.UnitsQuery]) -> Page:
        """All units, by code."""
        query = call.query
        async with self.database.transaction(as_=call.operator) as conn:
            rows = await points.list_balances(conn, query.after, query.limit)
        last = rows[-1]["unit_code"] if len(rows) == query.limit else None
        onward = _onward("/scores", after=last, limit=query.limit)
        return Page("scores.html", {"units": rows, "next_page": onward})

    async def unit(self, call: Call[None, views.EntriesQuery]) -> Page:
        """One unit's ledger."""
        async with self.database.transaction(as_=call.operator) as conn:
            score = await load_score(conn, call.params["unit_code"], call.query)
        path = f"/scores/{quote(score.unit_code, safe='')}"
        onward = _onward(path, before=score.next_before, limit=call.query.limit)
        return Page("score.html", {"score": score, "next_page": onward})


def _onward(path: str, *, limit: int, **last: str | int | None) -> str | None:
    """Where the next page is; it keeps the size that was asked for."""
    if None in last.values():
        return None
    return f"{path}?{urlencode({**last, 'limit': limit})}"
