"""The pages of numbered documents: each kind by its numbers, a document, its file."""

from dataclasses import dataclass
from functools import partial

from services.scoring import papers as made
from services.scoring import views
from services.scoring.api import READERS
from services.scoring.score_views import CaseShown
from services.scoring.scores import load_cases
from services.scoring.store import papers
from services.scoring.store.papers import KINDS, Kind, Numbered
from services.scoring.telling import Teller
from shared import access
from shared.db import Connection, Database, as_itself
from shared.errors import NotFound
from shared.papers.paper import NumberedQuery, Paper
from shared.papers.printer import SECONDS, Printer
from shared.policy import Policies
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Download, Page

ADDRESS = "/papers"
ONE = f"{ADDRESS}/{{kind}}/{{year}}/{{number}}"
PAGE = 50


class PapersQuery(NumberedQuery):
    """GET /papers."""

    kind: Kind = "criticism"


@dataclass(frozen=True)
class PaperPages:
    """`/papers`."""

    database: Database
    policies: Policies
    printer: Printer

    def endpoints(self) -> list[Endpoint]:
        """The list, a document's page, its file."""
        one = partial(Endpoint, "GET", who=READERS,
                      params={"kind": str, "year": int, "number": int})  # fmt: skip
        return [
            Endpoint("GET", ADDRESS, self.show, "Numbered documents of a kind", READERS,
                     query=PapersQuery),
            one(ONE, self.show_one, "A numbered document"),
            one(f"{ONE}/paper.pdf", self.download, "A numbered document as PDF", seconds=SECONDS),
        ]  # fmt: skip

    async def show(self, call: Call[None, PapersQuery]) -> Page:
        """The newest first."""
        query = call.query
        async with self.database.transaction(as_=call.operator) as conn:
            found = await papers.list_newest(conn, query.kind, query.last, PAGE + 1)
        page = found[:PAGE]
        values = {
            "papers": page,
            "kind": query.kind,
            "kinds": KINDS,
            "called": partial(made.ref, policies=self.policies),
            "sanctioning": call.operator.role in access.SANCTION_READERS,
            "next_page": link(ADDRESS, page[-1]) if len(found) > PAGE else None,
        }
        return Page("papers.html", values)

    async def show_one(self, call: Call[None, None]) -> Page:
        """The document, and from which cases it follows."""
        one, document, cases = await self._load(call)
        values = {"one": one, "paper": document, "cases": cases}
        return Page("paper_page.html", values)

    async def download(self, call: Call[None, None]) -> Download:
        """The document alone."""
        _, document, _ = await self._load(call)
        return Download(await self.printer.pdf(document), "application/pdf", document.file_name)

    async def _load(self, call: Call[None, None]) -> tuple[Numbered, Paper, list[CaseShown]]:
        teller = Teller(self.policies, call.operator, call.language)
        async with self.database.transaction(as_=call.operator) as conn:
            one = await find_paper(conn, **call.params)
            told = await load_cases(conn, teller, one.case_ids)
            async with as_itself(conn, call.operator):
                cases = await papers.list_cases(conn, one.case_ids)
        return one, made.paper(one, cases, self.policies), told


async def find_paper(conn: Connection, kind: str, year: int, number: int) -> Numbered:
    """One that the operator may see; NotFound where there is none."""
    known = kind in KINDS and 0 < year <= views.LAST and 0 < number <= views.LAST
    one = await papers.get(conn, kind, year, number) if known else None
    if one is None:
        raise NotFound("refused.no_paper")
    return one


def link(address: str, last: Numbered) -> str:
    """Where the page after this one is."""
    return f"{address}?kind={last.kind}&before={last.year}-{last.number}"
