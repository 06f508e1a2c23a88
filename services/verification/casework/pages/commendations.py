"""What citizens wrote with a 4 or 5, for whom it names, their unit and those above (rule 17).

Where it names nobody from the window's list, whoever works there says whom it means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError

from services.verification.casework.acts import praise
from services.verification.casework.api import READERS, WORKERS
from services.verification.casework.bodies import AttributionBody
from services.verification.casework.queries import CommendationQuery
from services.verification.casework.store import commendations
from services.verification.casework.store.commendations import Commendation
from services.verification.directory.store import officers, units
from shared.access import CASE_WORKERS, Operator, identities
from shared.db import Connection, Database
from shared.errors import NotFound, Refused
from shared.values import phone
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/commendations"
ONE = f"{ADDRESS}/{{commendation_id}}"
_PAGE = 25


class Shown(NamedTuple):
    """One as it is read; without words or photos it was erased.

    `typed` is whom the citizen wrote; `open` where they chose nobody, so that the desk may say.
    """

    commendation_id: UUID
    said_at: datetime
    unit: str
    satisfaction: int
    officer: str
    badge: str
    typed: str
    open: bool
    words: str | None
    attachments: tuple[str, ...]


@dataclass(frozen=True)
class CommendationPages:
    """`/desk/commendations`."""

    database: Database
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """The list, and a page for whom one of them means."""
        one = {"commendation_id": UUID}
        return [
            Endpoint("GET", ADDRESS, self.show, "What citizens praised", READERS),
            Endpoint("GET", ONE, self.show_one, "Praise, and whom it means", READERS, params=one),
            Endpoint(
                "POST", ONE, self.attribute, "Say whom praise means, or take that back", WORKERS,
                params=one, body=AttributionBody, form=True, again=self.again, csrf="token",
                repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The newest first."""
        query = _query(call.asking)
        async with self.database.reading(as_=call.operator) as conn:
            found = await commendations.list_newest(
                conn, query.unit, _badges(call.operator, query), query.before, _PAGE + 1
            )
            page = found[:_PAGE]
            shown = await self._shown(conn, page)
        further = _link(query, page[-1]) if len(found) > _PAGE else None
        values = {
            "commendations": shown,
            "query": query,
            "next_page": further,
            "may_say": call.operator.role in CASE_WORKERS,
        }
        return Page("commendations.html", values)

    async def show_one(self, call: Call[Any, None]) -> Page:
        """Its words, whom it means, and who said so."""
        return await self._one(call)

    async def attribute(self, call: Call[AttributionBody, None]) -> See:
        """Said, once; back to the page, which tells."""
        own, said = call.params["commendation_id"], call.body
        await repeats.done_once(
            self.database,
            call,
            praise.Attributed,
            lambda conn: praise.attribute(conn, call.operator, own, said),
        )
        return See(f"{ADDRESS}/{own}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was chosen, and why it was not taken."""
        return await self._one(call, call.fields, refused)

    async def _one(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        own = call.params["commendation_id"]
        async with self.database.reading(as_=call.operator) as conn:
            said = await commendations.get(conn, own)
            if said is None:
                raise NotFound("refused.no_commendation")
            (shown,) = await self._shown(conn, [said])
            values = {
                "one": shown,
                "may_say": await self._may_say(conn, call.operator, said),
                "roster": await officers.list_roster(conn, said.unit_code),
                "history": await commendations.list_attributions(conn, own),
                "typed": typed,
                "key": repeats.key_again(call, refused) if refused else "",
            }
        return Page("commendation.html", values, refused=refused)

    async def _may_say(self, conn: Connection, operator: Operator, said: Commendation) -> bool:
        if said.officer_badge or operator.role not in CASE_WORKERS:
            return False
        return await praise.is_theirs(conn, said)

    async def _shown(self, conn: Connection, page: list[Commendation]) -> list[Shown]:
        names = await units.list_names(conn, [one.unit_code for one in page])
        badges = [one.badge for one in page if one.badge]
        named = await officers.list_officer_names(conn, badges)
        return [
            Shown(
                one.commendation_id,
                one.said_at,
                names.get(one.unit_code, one.unit_code),
                one.satisfaction,
                named.get(one.badge or "", ""),
                one.badge or "",
                self._typed(one),
                one.officer_badge is None,
                self._words(one),
                one.attachments,
            )
            for one in page
        ]

    def _typed(self, one: Commendation) -> str:
        context = f"words:{one.commendation_id}:officer"
        return self.seal.opened(one.officer_typed_sealed, context) or ""

    def _words(self, one: Commendation) -> str | None:
        words = self.seal.opened(one.words_sealed, f"words:{one.commendation_id}")
        return phone.hidden(words) if words else None


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
