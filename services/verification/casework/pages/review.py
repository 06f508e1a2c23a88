"""The second look on a page of its own: both sides beside each other, and what to look for."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from services.verification.casework import bodies
from services.verification.casework.acts import consequences, overtaken, recusals, reviews
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import SUPERVISORS, find_case
from services.verification.casework.details import load_detail
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.pages.case_forms import Attempt
from services.verification.casework.pages.work import ADDRESS
from services.verification.casework.roster import load_roster
from services.verification.casework.rules.verdicts import Step
from services.verification.casework.store import queues
from services.verification.directory.store import units
from shared import access
from shared.db import Database
from shared.errors import Refused
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See

PATH = f"{ADDRESS}/review"
_DAYS = 90


@dataclass(frozen=True)
class ReviewPage:
    """`/desk/cases/{id}/review`: to confirm or return, sent to the case's own address; or to judge.

    What a reviewer finds instead is sent here.
    """

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The page, and the form for another verdict."""
        return [
            Endpoint("GET", PATH, self.show, "The second look at a verdict", SUPERVISORS,
                     params={"case_id": UUID}),
            Endpoint("POST", PATH, self.correct, "Put another verdict in its place", SUPERVISORS,
                     params={"case_id": UUID}, body=bodies.CorrectionForm, form=True,
                     again=self.again, csrf="token", repeat="form", limit=VERDICT_LIMIT,
                     section=overtaken.SECTION),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The citizen's words, the verdict, and the unit's last verdicts."""
        return await self._page(call, Attempt())

    async def correct(self, call: Call[bodies.CorrectionForm, None]) -> See:
        """To the case, with the reviewer's verdict on it."""
        case_id = call.params["case_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(reviews.correct, conn, self.desk, call.operator, case_id, call.body)
            await repeats.once(conn, call, Step, doing)
        return See(f"/desk/cases/{case_id}?done={overtaken.SECTION}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """With the verdict as it was typed, and what is wrong with it."""
        key = repeats.key_again(call, refused)
        return await self._page(call, Attempt(overtaken.SECTION, call.fields, refused, key))

    async def _page(self, call: Call[Any, Any], attempt: Attempt) -> Page:
        operator = call.operator
        async with self.database.reading(as_=operator) as conn:
            case = await find_case(conn, operator, call.params["case_id"])
            detail = await load_detail(conn, case, self.desk)
            roster = await load_roster(conn, operator, detail)
            since = clock.now() - timedelta(days=_DAYS)
            record = await queues.record_since(conn, case.unit_code, since)
            on_duty = await recusals.on_duty(conn, self.desk, case)
            windows = await units.count_counters(conn, case.unit_code)
            typed = attempt.said(overtaken.SECTION)
            then = await consequences.load(conn, self.desk, operator, case, typed)
        newest = detail.verdicts[-1] if case.under_review and detail.verdicts else None
        author = newest and roster.people.get(newest.username, newest.username)
        may = newest and access.may_review(operator, newest.username, newest.role)
        rule = self.desk.policy(case)
        values = {
            "case": case,
            "detail": detail,
            "roster": roster,
            "newest": newest,
            "author": author,
            "may": may,
            "record": record,
            "days": _DAYS,
            "sampled": case.review_pending,
            "percent": rule.verification.sample_percent,
            "categories": rule.categories,
            "windows": windows,
            "on_duty": [badge for badge in roster.active if badge in on_duty],
            "templates": (),
            "then": then,
            "saved_at": None,
            "attempt": attempt,
        }
        return Page("review.html", values, refused=attempt.refused)
