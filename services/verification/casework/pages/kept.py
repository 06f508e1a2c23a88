"""What is typed on a case's page, kept while one types; the answer is what a submit would do."""

from dataclasses import dataclass
from uuid import UUID

from services.verification.casework.acts import consequences, drafts, overtaken
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import WORKERS, find_case
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.pages.case_forms import FORMS, may_judge
from services.verification.casework.pages.work import ADDRESS
from services.verification.directory.store import officers
from shared.db import Database
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page


@dataclass(frozen=True)
class Keeping:
    """`/desk/cases/{id}/draft`, for the page's script; without it a button does the same."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """Only to send to; keeping the same again changes nothing."""
        return [
            Endpoint(
                "POST", f"{ADDRESS}/draft", self.keep, "Keep what is typed so far", WORKERS,
                params={"case_id": UUID}, form=True, csrf="token", limit=VERDICT_LIMIT,
            ),
        ]  # fmt: skip

    async def keep(self, call: Call[None, None]) -> Page:
        """A part of the page: when it was kept, and the consequences of the verdict in it."""
        case_id, operator = call.params["case_id"], call.operator
        async with self.database.transaction(as_=operator) as conn:
            case = await find_case(conn, operator, case_id)
            saved_at = await drafts.keep(conn, self.desk, operator, case_id, call.fields, FORMS)
            typed = call.fields.only(overtaken.SECTION)
            then = (
                await consequences.load(conn, self.desk, operator, case, typed)
                if may_judge(case, operator)
                else []
            )
            roster = {"active": await officers.list_roster(conn, case.unit_code)}
        return Page(
            "case_kept.html",
            {
                "case": case,
                "then": then,
                "roster": roster,
                "saved_at": saved_at,
                "overtaken": overtaken.is_overtaken(call.fields, case),
            },
        )
