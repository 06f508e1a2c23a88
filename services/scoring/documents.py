"""The pages of numbered documents: each kind by its numbers, a document, its file."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from services.scoring import papers as made
from services.scoring.api import READERS
from services.scoring.reading import Read, addressed, find_paper, read
from services.scoring.score_views import CaseShown
from services.scoring.scores import load_cases
from services.scoring.store import newest, papers
from services.scoring.store.papers import KINDS, Kind, Numbered
from services.scoring.telling import Teller
from shared import access
from shared.db import Database, as_itself
from shared.errors import Refused
from shared.papers.paper import NumberedQuery, Paper
from shared.papers.printer import SECONDS, Printer
from shared.policy import Policies
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Download, Page, See

ADDRESS = "/papers"
ONE = f"{ADDRESS}/{{kind}}/{{year}}/{{number}}"
UNREAD = f"{ADDRESS}/unread"
ADDRESSEES = staff(("unit_operator",))
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
            Endpoint("GET", UNREAD, self.unread, "Documents that nobody at the unit has read yet",
                     ADDRESSEES),
            one(ONE, self.show_one, "A numbered document"),
            one(f"{ONE}/paper.pdf", self.download, "A numbered document as PDF", seconds=SECONDS),
            Endpoint(
                "POST", f"{ONE}/reading", self.read, "Say that a document has been read",
                ADDRESSEES, params=one.keywords["params"], form=True, again=self.again,
                csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, PapersQuery]) -> Page:
        """The newest first."""
        query = call.query
        async with self.database.reading(as_=call.operator) as conn:
            found = await newest.list_newest(conn, query.kind, query.last, PAGE + 1)
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

    async def unread(self, call: Call[None, None]) -> Page:
        """What waits for whoever asks, the oldest first."""
        who = call.operator
        async with self.database.reading(as_=who) as conn:
            found = await papers.list_unread(conn, who.scope, PAGE)
        values = {
            "papers": [one for one in found if addressed(who, one)],
            "kind": "unread",
            "called": partial(made.ref, policies=self.policies),
            "sanctioning": False,
            "next_page": None,
        }
        return Page("papers.html", values)

    async def show_one(self, call: Call[Any, None]) -> Page:
        """The document, and from which cases it follows."""
        return await self._one(call)

    async def read(self, call: Call[None, None]) -> See:
        """Once; back to the document, which tells."""
        await repeats.done_once(
            self.database, call, Read, lambda conn: read(conn, call.operator, **call.params)
        )
        return See(ONE.format(**call.params))

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The document, and why nothing was noted."""
        return await self._one(call, refused)

    async def _one(self, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        one, document, cases = await self._load(call)
        values = {
            "one": one,
            "paper": document,
            "cases": cases,
            "may": one.read_at is None and addressed(call.operator, one),
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("paper_page.html", values, refused=refused)

    async def download(self, call: Call[None, None]) -> Download:
        """The document alone."""
        _, document, _ = await self._load(call)
        return Download(await self.printer.pdf(document), "application/pdf", document.file_name)

    async def _load(self, call: Call[Any, Any]) -> tuple[Numbered, Paper, list[CaseShown]]:
        teller = Teller(self.policies, call.operator, call.language)
        async with self.database.transaction(as_=call.operator) as conn:
            one = await find_paper(conn, **call.params)
            told = await load_cases(conn, teller, one.case_ids)
            async with as_itself(conn, call.operator):
                cases = await papers.list_cases(conn, one.case_ids)
        return one, made.paper(one, cases, self.policies), told


def link(address: str, last: Numbered) -> str:
    """Where the page after this one is."""
    return f"{address}?kind={last.kind}&before={last.year}-{last.number}"
