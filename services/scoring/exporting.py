"""The units' points, and the ledger of one, as lists to take away."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.scoring import views
from services.scoring.api import READERS
from services.scoring.score_views import Entry
from services.scoring.scores import load_score
from services.scoring.store import points
from services.scoring.telling import Teller
from shared.db import Connection, Database
from shared.policy import Policies
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table, written_at
from shared.web.texts import texts

COLUMNS = ("unit_code", "unit", "place", "points")
ENTRIES = (
    "unit_code", "unit", "number", "changed", "points", "balance", "reason", "case", "score_why",
    "score_policy", "paper_state",
)  # fmt: skip
_ALL = views.EntriesQuery.model_construct(limit=MOST + 1)


@dataclass(frozen=True)
class ScoreExports:
    """Of `/scores` and of a unit's page."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """Both."""
        ledger = "/scores/entries/exports"
        return [
            *Exports("/exports", "/scores", "scores", READERS, self.database, load).endpoints(),
            *Exports(ledger, "/scores", "entries", READERS, self.database, self.load).endpoints(),
        ]

    async def load(self, conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]) -> Table:
        """A unit's whole ledger, the newest first."""
        code, words = asked.get("unit", ""), texts(call.language)
        teller = Teller(self.policies, call.operator, call.language)
        score = await load_score(conn, teller, code, _ALL)
        rows = [
            (
                code, score.name, one.entry_no,
                written_at(one.changed_at),
                _points(one.delta_centipoints), _points(one.balance_centipoints),
                words.text(f"points_{one.reason}"), _numbers(one), one.rule,
                one.edition.isoformat() if one.edition else "",
                words.text("points_provisional") if one.provisional else "",
            )
            for one in score.entries
        ]  # fmt: skip
        return Table(ENTRIES, rows, f"unit={code}")


async def load(conn: Connection, _: Call[Any, Any], __: Mapping[str, str]) -> Table:
    """All units below one's place, by code."""
    found = await points.list_balances(conn, "", MOST + 1)
    rows = [
        (one["unit_code"], one["name"], one["parent"], _points(one["balance_centipoints"]))
        for one in found
    ]
    return Table(COLUMNS, rows)


def _points(centipoints: int) -> Decimal:
    return Decimal(centipoints).scaleb(-2)


def _numbers(entry: Entry) -> str:
    return " ".join(one.number for one in entry.cases if one.number)
