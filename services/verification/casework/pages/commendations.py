"""What citizens wrote with a 4 or 5, for whom it names, their unit and those above (rule 17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError

from services.verification.casework.api import READERS
from services.verification.casework.bodies import CommendationQuery
from services.verification.casework.store import commendations
from services.verification.casework.store.commendations import Commendation
from services.verification.directory.store import officers, units
from shared.access import Operator, identities
from shared.db import Connection, Database
from shared.values import phone
from shared.values.seal import Seal
from shared.web.endpoints import Call, Endpoint, Page

ADDRESS = "/desk/commendations"
_PAGE = 25


class Shown(NamedTuple):
    """One as it is read; without words or photos it was erased."""

    commendation_id: UUID
    said_at: datetime
    unit: str
    satisfaction: int
    officer: str
    badge: str
    words: str | None
    attachments: tuple[str, ...]


@dataclass(frozen=True)
class CommendationPages:
    """`/desk/commendations`."""

    database: Database
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [Endpoint("GET", ADDRESS, self.show, "What citizens praised", READERS)]

    async def show(self, call: Call[None, None]) -> Page:
        """The newest first."""
        query = _query(call.asking)
        async with self.database.transaction(as_=call.operator) as conn:
            found = await commendations.list_newest(
                conn, query.unit, _badges(call.operator, query), query.before, _PAGE + 1
            )
            page = found[:_PAGE]
            shown = await self._shown(conn, page)
        further = _link(query, page[-1]) if len(found) > _PAGE else None
        values = {"commendations": shown, "query": query, "next_page": further}
        return Page("commendations.html", values)

    async def _shown(self, conn: Connection, page: list[Commendation]) -> list[Shown]:
        names = await units.list_names(conn, [one.unit_code for one in page])
        badges = [one.officer_badge for one in page if one.officer_badge]
        named = await officers.list_officer_names(conn, badges)
        return [
            Shown(
                one.commendation_id,
                one.said_at,
                names.get(one.unit_code, one.unit_code),
                one.satisfaction,
                named.get(one.officer_badge or "") or self._typed(one),
                one.officer_badge or "",
                self._words(one),
                one.attachments,
            )
            for one in page
        ]

    def _typed(self, one: Commendation) -> str:
        sealed = one.officer_typed_sealed
        return self.seal.open(sealed, f"words:{one.commendation_id}:officer") if sealed else ""

    def _words(self, one: Commendation) -> str | None:
        if one.words_sealed is None:
            return None
        return phone.hidden(self.seal.open(one.words_sealed, f"words:{one.commendation_id}"))


def _badges(operator: Operator, query: CommendationQuery) -> list[str] | None:
    return identities(operator) if query.mine else None


def _query(given: Mapping[str, str]) -> CommendationQuery:
    # A link with a filter that we do not know shows the whole list, not an error.
    try:
        return CommendationQuery.model_validate({n: v for n, v in given.items() if v})
    except ValidationError:
        return CommendationQuery()


def _link(query: CommendationQuery, last: Commendation) -> str:
    kept = {"unit": query.unit, "mine": "1" if query.mine else None, "before": last.commendation_id}
    return f"{ADDRESS}?" + urlencode({name: value for name, value in kept.items() if value})
