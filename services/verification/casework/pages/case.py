"""A case's page: its facts, its time line, and the forms for what may be done now."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework import bodies, views
from services.verification.casework.acts import callbacks, judging, phones, recusals, reviews
from services.verification.casework.acts.desk import Act, Desk
from services.verification.casework.api import READERS, WORKERS, find_case
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.verdicts import Step
from services.verification.casework.store import cases
from shared import access
from shared.access import Operator
from shared.db import Database
from shared.errors import Refused, Wrong
from shared.events import CallbackLogged
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import BODY_LIMIT, Call, Endpoint, Page, See
from shared.web.forms import NONE, Fields

ADDRESS = "/desk/cases/{case_id}"


@dataclass(frozen=True)
class Attempt:
    """A form that could not be accepted: what was typed, and what is wrong with it."""

    form: str = ""
    typed: Fields = NONE
    refused: Refused | None = None

    def of(self, field: str) -> Wrong | None:
        """What is wrong with a field, if something is."""
        wrong = self.refused.wrong if self.refused else ()
        return next((w for w in wrong if w.field.partition(".")[0] == field), None)


@dataclass(frozen=True)
class Form:
    """A form of the page: what it takes, what it does, what it is called in the table."""

    body: type[BaseModel]
    act: Act[Any, Any]
    done: type[object]
    summary: str
    limit: int = BODY_LIMIT


FORMS: Mapping[str, Form] = {
    "callbacks": Form(bodies.CallbackBody, callbacks.log_callback, CallbackLogged, "Record a call"),
    "verdicts": Form(
        bodies.VerdictForm, judging.submit_verdict, Step, "Record a verdict", bodies.VERDICT_LIMIT
    ),
    "reviews": Form(bodies.ReviewBody, reviews.review, Step, "Confirm or return a verdict"),
    "recusals": Form(
        bodies.RecusalBody, recusals.change, recusals.Recused, "Keep from an officer, or give back"
    ),
    "phone-reveals": Form(bodies.RevealBody, phones.reveal_phone, str, "Show the phone"),
}


@dataclass(frozen=True)
class CasePage:
    """`/desk/cases/{id}` and its forms."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The page; a form's own address leads back to it when somebody reloads."""
        case = partial(Endpoint, params={"case_id": UUID})
        return [
            case("GET", ADDRESS, self.show, "One case", READERS),
            *(case("GET", f"{ADDRESS}/{name}", self.back, "Back to the case", READERS)
              for name in FORMS),
            *(case("POST", f"{ADDRESS}/{name}", partial(self.send, name), form.summary, WORKERS,
                   body=form.body, form=True, again=partial(self.again, name), csrf="token",
                   repeat="form", limit=form.limit)
              for name, form in FORMS.items()),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The case."""
        return await self._page(call, Attempt())

    async def back(self, call: Call[None, None]) -> See:
        """To the case."""
        return See(f"/desk/cases/{call.params['case_id']}")

    async def send(self, name: str, call: Call[BaseModel, None]) -> Page | See:
        """Do what a form asks."""
        case_id, form = call.params["case_id"], FORMS[name]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(form.act, conn, self.desk, call.operator, case_id, call.body)
            done = await repeats.once(conn, call, form.done, doing)
        if isinstance(done, str):
            return await self._page(call, Attempt(), phone=done)
        # What was done may have taken the case out of their hands.
        async with self.database.transaction(as_=call.operator) as conn:
            still = await cases.get_case(conn, call.operator, case_id)
        return See(f"/desk/cases/{case_id}" if still else "/desk")

    async def again(self, name: str, call: Call[None, None], refused: Refused) -> Page:
        """The page with what was typed into the form, and what is wrong with it."""
        return await self._page(call, Attempt(name, call.fields, refused))

    async def _page(
        self, call: Call[Any, None], attempt: Attempt, phone: str | None = None
    ) -> Page:
        case_id = call.params["case_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            case = await find_case(conn, call.operator, case_id)
            detail = await views.load_detail(conn, case, self.desk.seal)
            roster = await views.load_roster(conn, detail)
        values = {
            "case": case,
            "detail": detail,
            "roster": roster,
            "attempt": attempt,
            "phone": phone,
            "categories": self.desk.policy(case).categories,
            "forms": _forms(case, detail, call.operator),
            "now": clock.now(),
        }
        return Page("case.html", values, int(attempt.refused.status) if attempt.refused else 200)


def _forms(case: Case, detail: views.Detail, operator: Operator) -> frozenset[str]:
    """The forms that could succeed now; the others are not shown."""
    if operator.role not in access.CASE_WORKERS:
        return frozenset()
    shown = {"recusals"}
    if case.phone_sealed:
        shown.add("phone-reveals")
        if case.callback_state != "reached":
            shown.add("callbacks")
    supervisor = operator.role in access.SUPERVISORS
    if supervisor and case.recused:
        shown.add("releases")
    if case.state == "open" or (case.state == "verified" and supervisor):
        shown.add("verdicts")
    if case.under_review and detail.verdicts:
        newest = detail.verdicts[-1]
        if access.may_review(operator, newest.username, newest.role):
            shown.add("reviews")
    return frozenset(shown)
