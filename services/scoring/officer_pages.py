"""An officer's page: strikes and why, what they lead to, what was cleared, and praise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from services.scoring import papers as made
from services.scoring.api import READERS, load_strikes
from services.scoring.officer_views import COLUMNS, OfficerRecord, Praise, recorded
from services.scoring.paper_views import PaperShown
from services.scoring.railing import praised_since, rail
from services.scoring.scores import load_cases
from services.scoring.store import commendations, papers, sanctions
from services.scoring.telling import Teller
from shared import access
from shared.db import Connection, Database, as_itself
from shared.policy import Policies
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import Exports, Table
from shared.web.replies import Page


@dataclass(frozen=True)
class OfficerPages:
    """`/scores/officers/{badge}`, and the same for programs."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """The page, its data, and the list to take away."""
        row = partial(Endpoint, "GET", who=READERS, params={"badge": str})
        return [
            row("/scores/officers/{badge}", self.show,
                "An officer's strikes in force, what cleared them, and their praise by month"),
            row("/api/v1/officers/{badge}/record", self.get,
                "All that is on record of an officer, with the cases it rests on",
                answers={200: OfficerRecord}),
            *Exports("/scores/officers/exports", "/scores", "record", READERS, self.database,
                     self.export).endpoints(),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """With the sanctions, for whoever reads them."""
        beside = rail(call.operator)
        async with self.database.transaction(as_=call.operator) as conn:
            officer = await self._load(conn, call, call.params["badge"])
            proposed = await sanctions.list_of_officer(conn, officer.badge)
        newest = officer.strikes[-1] if officer.strikes else None
        values = {
            "officer": officer,
            "newest": newest,
            "cases": {case.case_id: case for case in officer.cases},
            "cleared": [one for one in officer.documents if _clears(one)],
            "rule": self.policies.editions[-1].strikes,
            "proposed": proposed if beside["sanctioning"] else [],
            "own": officer.badge in access.identities(call.operator),
        }
        return Page("officer.html", values | beside)

    async def get(self, call: Call[None, None]) -> OfficerRecord:
        """The same as data."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await self._load(conn, call, call.params["badge"])

    async def export(
        self, conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]
    ) -> Table:
        """Every mark and every document of one officer, the newest first."""
        badge, teller = asked.get("badge", ""), self._teller(call)
        rows = recorded(await self._load(conn, call, badge), teller)
        return Table(COLUMNS, rows, f"badge={badge}")

    async def _load(self, conn: Connection, call: Call[Any, Any], badge: str) -> OfficerRecord:
        """Praise is theirs wherever they served when it was said."""
        who, teller = call.operator, self._teller(call)
        officer = await load_strikes(conn, self.policies, who, badge)
        documents = await papers.list_of_officer(conn, officer.badge)
        struck = [own for strike in officer.strikes for own in strike.case_ids]
        ledger = [mark.case_id for mark in officer.ledger]
        cleared = [own for one in documents if one.kind == "clearing" for own in one.case_ids]
        cases = await load_cases(conn, teller, sorted({*struck, *ledger, *cleared}))
        async with as_itself(conn, who):
            praise = await commendations.list_of_officer(
                conn, officer.badge, *praised_since(self.policies)
            )
        return OfficerRecord(
            **officer.model_dump(),
            cases=cases,
            documents=[
                PaperShown(**asdict(one), ref=made.ref(one, self.policies)) for one in documents
            ],
            praise=[Praise(month=one["month"], number=one["number"]) for one in praise],
        )

    def _teller(self, call: Call[Any, Any]) -> Teller:
        return Teller(self.policies, call.operator, call.language)


def _clears(one: PaperShown) -> bool:
    return one.kind == "clearing" and one.withdrawn_at is None
