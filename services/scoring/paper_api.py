"""HTTP of sanctions and numbered documents, for programs: what their pages show."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.scoring import documents, signing
from services.scoring import papers as made
from services.scoring.api import READERS
from services.scoring.approvals import standing
from services.scoring.documents import PapersQuery
from services.scoring.paper_views import (
    Papers,
    PaperShown,
    PaperTold,
    Sanctions,
    SanctionShown,
    SanctionTold,
)
from services.scoring.reading import Read, find_paper, read
from services.scoring.rules.sanctions import Sanction
from services.scoring.scores import load_cases
from services.scoring.signing import SanctionsQuery
from services.scoring.store import newest, papers, sanctions
from services.scoring.store.papers import Numbered
from services.scoring.telling import Teller
from shared.db import Database, as_itself
from shared.errors import NotFound
from shared.policy import Policies
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.texts import texts

SANCTIONS, PAPERS = "/api/v1/sanctions", "/api/v1/papers"


@dataclass(frozen=True)
class PaperApi:
    """The handlers."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """Lists, and one of each."""
        row = partial(Endpoint, "GET")
        return [
            row(SANCTIONS, self.list_sanctions, "Sanctions that the rules propose",
                signing.READERS, query=SanctionsQuery, answers={200: Sanctions}),
            row(f"{SANCTIONS}/{{sanction_id}}", self.get_sanction, "A proposed sanction",
                signing.READERS, params={"sanction_id": UUID}, answers={200: SanctionTold}),
            row(PAPERS, self.list_papers, "Numbered documents of a kind", READERS,
                query=PapersQuery, answers={200: Papers}),
            row(f"{PAPERS}/{{kind}}/{{year}}/{{number}}", self.get_paper, "A numbered document",
                READERS, params={"kind": str, "year": int, "number": int},
                answers={200: PaperTold}),
            Endpoint(
                "POST", f"{PAPERS}/{{kind}}/{{year}}/{{number}}/reading", self.read,
                "Say that a document has been read", documents.ADDRESSEES,
                params={"kind": str, "year": int, "number": int}, answers={200: Read},
                repeat="header",
            ),
        ]  # fmt: skip

    async def list_sanctions(self, call: Call[None, SanctionsQuery]) -> Sanctions:
        """The newest first."""
        async with self.database.transaction(as_=call.operator) as conn:
            found = await signing.list_page(conn, call.query)
        page, more = found[: signing.PAGE], len(found) > signing.PAGE
        further = signing.link(SANCTIONS, call.query, page[-1]) if more else None
        return Sanctions(sanctions=[SanctionShown(**_plain(one)) for one in page], next=further)

    async def get_sanction(self, call: Call[None, None]) -> SanctionTold:
        """With the words of its rule, and its cases."""
        async with self.database.transaction(as_=call.operator) as conn:
            one = await sanctions.get(conn, call.params["sanction_id"])
            if one is None:
                raise NotFound("refused.no_sanction")
            async with as_itself(conn, call.operator):
                one = await standing(conn, self.policies, one)
            cases = await load_cases(conn, self._teller(call), one.case_ids)
        phrase = texts(call.language).text(f"paper_rule_{one.rule}")
        return SanctionTold(**_plain(one), phrase=phrase, cases=cases)

    async def list_papers(self, call: Call[None, PapersQuery]) -> Papers:
        """The newest first."""
        query, most = call.query, documents.PAGE
        async with self.database.transaction(as_=call.operator) as conn:
            found = await newest.list_newest(conn, query.kind, query.last, most + 1)
        further = documents.link(PAPERS, found[most - 1]) if len(found) > most else None
        shown = [PaperShown(**self._numbered(one)) for one in found[:most]]
        return Papers(papers=shown, next=further)

    async def get_paper(self, call: Call[None, None]) -> PaperTold:
        """With its text, and its cases."""
        async with self.database.transaction(as_=call.operator) as conn:
            one = await find_paper(conn, **call.params)
            told = await load_cases(conn, self._teller(call), one.case_ids)
            async with as_itself(conn, call.operator):
                cases = await papers.list_cases(conn, one.case_ids)
        document = made.paper(one, cases, self.policies)
        return PaperTold(
            **self._numbered(one),
            title=document.title,
            body=list(document.body),
            phrase=texts(call.language).text(f"paper_rule_{one.kind}"),
            cases=told,
        )

    async def read(self, call: Call[None, None]) -> Read:
        """Once."""
        return await repeats.done_once(
            self.database, call, Read, lambda conn: read(conn, call.operator, **call.params)
        )

    def _teller(self, call: Call[Any, Any]) -> Teller:
        return Teller(self.policies, call.operator, call.language)

    def _numbered(self, one: Numbered) -> dict[str, Any]:
        return asdict(one) | {"ref": made.ref(one, self.policies)}


def _plain(one: Sanction) -> dict[str, Any]:
    return asdict(one) | {"state": one.state}
