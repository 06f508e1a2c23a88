"""Sanctions: what waits for a signature, and each with the form that signs or declines it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from services.scoring import papers as made
from services.scoring import views
from services.scoring.approvals import Decided, SignatureBody, decide, firm_of, standing
from services.scoring.rules.provisional import OPEN
from services.scoring.rules.sanctions import Rule, Sanction, may_decide
from services.scoring.scores import load_cases
from services.scoring.store import directory, sanctions
from services.scoring.telling import Teller
from shared import access, staff
from shared.access import Operator
from shared.db import Connection, Database, as_itself
from shared.errors import NotFound, Refused
from shared.policy import Policies
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.endpoints import staff as only
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/sanctions"
ONE = f"{ADDRESS}/{{sanction_id}}"
READERS, SIGNERS = only(access.SANCTION_READERS), only(access.SANCTION_SIGNERS)
PAGE = 25


class SanctionsQuery(views.Query):
    """GET /sanctions; `at` and `last` are of a page's last sanction."""

    view: Literal["waiting", "decided"] = "waiting"
    rule: Rule | None = None
    at: datetime | None = None
    last: UUID | None = None

    @property
    def before(self) -> tuple[datetime, UUID] | None:
        """Where the page before ended."""
        return (self.at, self.last) if self.at and self.at.tzinfo and self.last else None


@dataclass(frozen=True)
class SanctionPages:
    """`/sanctions`."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """The list, a sanction's page, its form."""
        one = {"sanction_id": UUID}
        return [
            Endpoint("GET", ADDRESS, self.show, "Sanctions that the rules propose", READERS,
                     query=SanctionsQuery),
            Endpoint("GET", ONE, self.show_one, "A proposed sanction", READERS, params=one),
            Endpoint(
                "POST", f"{ONE}/signature", self.decide, "Sign or decline a sanction", SIGNERS,
                params=one, body=SignatureBody, form=True, again=self.again, csrf="token",
                repeat="form", confirm=True,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, SanctionsQuery]) -> Page:
        """The newest first."""
        query = call.query
        async with self.database.reading(as_=call.operator) as conn:
            found = await list_page(conn, query)
            names = await _names(conn, found[:PAGE])
            waiting = await sanctions.count_waiting(conn)
            interviews = await sanctions.count_waiting(conn, "interview")
        page = found[:PAGE]
        values = {
            "sanctions": page,
            "names": names,
            "view": query.view,
            "rule": query.rule,
            "asked": asked_for(query),
            "waiting": waiting,
            "interviews": interviews,
            "sanctioning": True,
            "next_page": link(ADDRESS, query, page[-1]) if len(found) > PAGE else None,
        }
        return Page("sanctions.html", values)

    async def show_one(self, call: Call[Any, None]) -> Page:
        """What it is for, what was found, and the form."""
        return await self._one(call)

    async def decide(self, call: Call[SignatureBody, None]) -> See:
        """Once; to the document, or back to the page, which tells."""
        own = call.params["sanction_id"]
        await repeats.done_once(
            self.database,
            call,
            Decided,
            lambda conn: decide(conn, self.policies, call.operator, own, call.body),
        )
        return See(f"{ADDRESS}/{own}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was typed, and why it was not taken."""
        return await self._one(call, call.fields, refused)

    async def _one(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        who = call.operator
        async with self.database.reading(as_=who) as conn:
            one = await sanctions.get(conn, call.params["sanction_id"])
            if one is None:
                raise NotFound("refused.no_sanction")
            names = await _names(conn, [one])
            teller = Teller(self.policies, who, call.language)
            async with as_itself(conn, who):
                one = await standing(conn, self.policies, one)
            cases = await load_cases(conn, teller, one.case_ids)
            async with as_itself(conn, who):
                verified_by = await sanctions.list_verifiers(conn, one.case_ids)
                firm = await firm_of(conn, self.policies, one)
            people = await staff.list_names(conn, [one.decided_by or "", *verified_by])
        provisional = firm is not None and clock.now() < firm
        values = {
            "one": one,
            "firm_at": firm if provisional and firm != OPEN else None,
            "appealed": firm == OPEN,
            "names": names,
            "cases": cases,
            "people": people,
            "verified_by": verified_by,
            "ref": self._ref(one),
            "points": self._points(one),
            "barred": _barred(one, who, verified_by, provisional=provisional),
            "signers": access.SANCTION_SIGNERS,
            "sanctioning": True,
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("sanction.html", values, refused=refused)

    def _ref(self, one: Sanction) -> str:
        if one.year is None or one.number is None:
            return ""
        return made.numbered(one.rule, one.year, one.number, self.policies, one)

    def _points(self, one: Sanction) -> int:
        """What the unit's ledger lost with the crossing."""
        rule = self.policies.at(one.proposed_at).strikes
        return int(getattr(rule, f"{one.rule}_centipoints", 0))


def _barred(
    one: Sanction, who: Operator, verified_by: list[str], *, provisional: bool
) -> Refused | None:
    """Why this operator can decide nothing here."""
    try:
        may_decide(one, who, verified_by, provisional=provisional)
    except Refused as refused:
        return refused
    return None


async def _names(conn: Connection, found: list[Sanction]) -> dict[str, str]:
    """What units and officers are called."""
    codes = [one.unit_code for one in found]
    badges = [one.badge for one in found if one.badge]
    return await directory.list_names(conn, codes, badges)


async def list_page(conn: Connection, query: SanctionsQuery) -> list[Sanction]:
    """A page of what is asked for, and one more where there is another page."""
    return await sanctions.list_newest(conn, query.view, query.rule, query.before, PAGE + 1)


def asked_for(query: SanctionsQuery) -> str:
    """What the list was chosen by, as it stands in an address."""
    return urlencode({"view": query.view, **({"rule": query.rule} if query.rule else {})})


def link(address: str, query: SanctionsQuery, last: Sanction) -> str:
    """Where the page after this one is."""
    onward = urlencode({"at": last.proposed_at.isoformat(), "last": str(last.sanction_id)})
    return f"{address}?{asked_for(query)}&{onward}"
