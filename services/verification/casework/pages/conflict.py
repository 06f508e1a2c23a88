"""Both texts beside each other: the verdict that somebody submitted, and the one in one's draft."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.verification.casework import bodies
from services.verification.casework.acts import drafts, overtaken
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.drafts import Kept
from services.verification.casework.api import WORKERS, find_case
from services.verification.casework.details import load_detail
from services.verification.casework.pages.case_forms import FORMS, may_judge
from services.verification.casework.pages.work import ADDRESS
from services.verification.casework.roster import load_roster
from services.verification.casework.rules import differing
from services.verification.casework.rules.cases import Case
from shared.db import Connection, Database
from shared.errors import Refused
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See

PATH = f"{ADDRESS}/conflict"


@dataclass(frozen=True)
class ConflictPage:
    """`/desk/cases/{id}/conflict`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """To read, and to choose; who chooses twice finds nothing to choose any more."""
        return [
            Endpoint(
                "GET", PATH, self.show, "A verdict that was submitted beside one's own draft",
                WORKERS, params={"case_id": UUID},
            ),
            Endpoint(
                "POST", PATH, self.choose, "Take the other text, one's own, or both", WORKERS,
                params={"case_id": UUID}, body=bodies.ConflictBody, form=True, again=self.again,
                csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page | See:
        """Both; the case where there is nothing to compare."""
        return await self._page(call)

    async def again(self, call: Call[None, None], refused: Refused) -> Page | See:
        """The same, and why not."""
        return await self._page(call, refused)

    async def choose(self, call: Call[bodies.ConflictBody, None]) -> See:
        """Keep what was chosen as one's draft, and go on with it."""
        case_id = call.params["case_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            case, kept = await self._load(conn, call)
            if overtaken.is_overtaken(kept.typed, case):
                theirs = (await load_detail(conn, case, self.desk)).verdicts[-1]
                typed = overtaken.chosen(
                    call.body.choice, kept.typed, theirs.finding, theirs.answer
                )
                now = typed.having("revision", str(case.revision))
                await drafts.keep(conn, self.desk, call.operator, case_id, now, FORMS)
        return See(f"/desk/cases/{case_id}?done=chosen#verdicts")

    async def _load(self, conn: Connection, call: Call[Any, None]) -> tuple[Case, Kept]:
        case = await find_case(conn, call.operator, call.params["case_id"])
        return case, await drafts.load(conn, self.desk, call.operator, case.case_id)

    async def _page(self, call: Call[None, None], refused: Refused | None = None) -> Page | See:
        async with self.database.reading(as_=call.operator) as conn:
            case, kept = await self._load(conn, call)
            if not overtaken.is_overtaken(kept.typed, case):
                return See(f"/desk/cases/{case.case_id}")
            detail = await load_detail(conn, case, self.desk)
            roster = await load_roster(conn, call.operator, detail)
        values = {
            "case": case,
            "detail": detail,
            "roster": roster,
            "theirs": detail.verdicts[-1],
            "mine": kept.typed.only(overtaken.SECTION),
            "saved_at": kept.saved_at,
            "marked": differing.marked,
            "categories": self.desk.policy(case).categories,
            "may_judge": may_judge(case, call.operator),
        }
        return Page("case_conflict.html", values, refused=refused)
