"""Where scoring's staff pages begin: the units with their points."""

from dataclasses import dataclass
from functools import partial

from services.scoring import views
from services.scoring.api import READERS
from services.scoring.railing import onward, rail
from services.scoring.store import points
from shared.db import Database
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See


@dataclass(frozen=True)
class ScorePages:
    """`/scores`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """Both."""
        row = partial(Endpoint, "GET", who=READERS)
        return [
            row("/", self.home, "To the scores"),
            row("/scores", self.units, "The units below one's place, and their points",
                query=views.UnitsQuery),
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
        further = onward("/scores", after=last, limit=query.limit)
        values = {"units": rows, "next_page": further}
        return Page("scores.html", values | rail(call.operator))
