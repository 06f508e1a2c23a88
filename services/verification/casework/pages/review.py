"""The second look on a page of its own: both sides beside each other, and what to look for."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import SUPERVISORS, find_case
from services.verification.casework.details import load_detail
from services.verification.casework.pages.work import ADDRESS
from services.verification.casework.roster import load_roster
from services.verification.casework.store import queues
from shared import access
from shared.db import Database
from shared.values import clock
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page

_DAYS = 90


@dataclass(frozen=True)
class ReviewPage:
    """`/desk/cases/{id}/review`; its form is sent to the case's own address for it."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """One page."""
        return [
            Endpoint(
                "GET", f"{ADDRESS}/review", self.show, "The second look at a verdict",
                SUPERVISORS, params={"case_id": UUID},
            )
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The citizen's words, the verdict, and the unit's last verdicts."""
        now = clock.now()
        async with self.database.transaction(as_=call.operator) as conn:
            case = await find_case(conn, call.operator, call.params["case_id"])
            detail = await load_detail(conn, case, self.desk.seal)
            roster = await load_roster(conn, call.operator, detail)
            record = await queues.record_since(conn, case.unit_code, now - timedelta(days=_DAYS))
        newest = detail.verdicts[-1] if case.under_review and detail.verdicts else None
        author = newest and roster.people.get(newest.username, newest.username)
        may = newest and access.may_review(call.operator, newest.username, newest.role)
        rule = self.desk.policy(case).verification
        return Page(
            "review.html",
            {
                "case": case,
                "detail": detail,
                "newest": newest,
                "author": author,
                "may": may,
                "record": record,
                "days": _DAYS,
                "sampled": case.review_pending,
                "percent": rule.sample_percent,
            },
        )
