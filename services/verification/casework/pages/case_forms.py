"""The forms of a case's page: what each takes and does, and which could succeed now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from services.verification.casework import bodies, views
from services.verification.casework.acts import (
    asking,
    callbacks,
    judging,
    phones,
    recusals,
    reviews,
)
from services.verification.casework.acts.desk import Act
from services.verification.casework.api import SUPERVISORS, WORKERS
from services.verification.casework.pages import work
from services.verification.casework.rules import callbacks as calling
from services.verification.casework.rules import verdicts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.verdicts import Step
from shared import access
from shared.access import Operator
from shared.errors import Refused, Wrong
from shared.events import AnswerHeard, CallbackLogged
from shared.web.endpoints import Who
from shared.web.forms import NONE, Fields


@dataclass(frozen=True)
class Attempt:
    """What is filled in: in a form that could not be accepted, and what is wrong with it.

    Or, without a form, what was written before and not sent yet.
    """

    form: str = ""
    typed: Fields = NONE
    refused: Refused | None = None
    key: str = ""

    def said(self, form: str) -> Fields:
        """What stands in a section of the page."""
        return self.typed.within(form) if form == self.form else self.typed.only(form)

    def wrongs(self, form: str) -> Sequence[Wrong]:
        """What is wrong with a section of the page."""
        return self.refused.wrong if self.refused and form == self.form else ()


@dataclass(frozen=True)
class Form:
    """A form of the page: what it takes, does, is called in the table, and for whom it is."""

    body: type[BaseModel]
    act: Act[Any, Any]
    done: type[object]
    summary: str
    who: Who = WORKERS


FORMS: Mapping[str, Form] = {
    "callbacks": Form(bodies.CallbackBody, callbacks.log_callback, CallbackLogged, "Record a call"),
    "questions": Form(bodies.QuestionsBody, asking.ask, AnswerHeard, "Record the answers"),
    "verdicts": Form(bodies.VerdictForm, judging.submit_verdict, Step, "Record a verdict"),
    "reviews": Form(
        bodies.ReviewBody, reviews.review, Step, "Confirm or return a verdict", SUPERVISORS
    ),
    "recusals": Form(
        bodies.RecusalBody, recusals.change, recusals.Recused, "Keep from an officer, or give back"
    ),
    "phone-reveals": Form(bodies.RevealBody, phones.reveal_phone, str, "Show the phone"),
}
_DONE = {*FORMS, *work.FORMS, "kept", "joined", "chosen", "filled", "evidence"}
DONE = frozenset(_DONE - {"phone-reveals"})


def begun(fields: Fields, before: Fields) -> Iterator[str]:
    """The sections into which something new was typed; categories are ticked from the start."""
    for name in FORMS:
        now, then = fields.only(name).values, before.only(name).values
        typed = Fields({field: told for field, told in now.items() if field != "categories"})
        if typed.typed and now != then:
            yield name


def may_judge(case: Case, operator: Operator) -> bool:
    """Whether a verdict of this operator's could be recorded now."""
    changes = case.state == "verified" and operator.role in access.SUPERVISORS
    return (case.state == "open" or changes) and verdicts.is_above(case, operator)


def possible(case: Case, detail: views.Detail, operator: Operator) -> frozenset[str]:
    """The forms that could succeed now; the others are not shown."""
    if operator.role not in access.CASE_WORKERS:
        return frozenset()
    shown = {"recusals"}
    if case.phone_sealed:
        shown.add("phone-reveals")
        if case.callback_state != "reached" and calling.may_call(operator):
            shown.add("callbacks")
    if case.phone_sealed and case.is_answered and calling.may_call(operator):
        shown.add("questions")
    if operator.role in access.SUPERVISORS and case.recused and case.is_told:
        shown.add("releases")
    if may_judge(case, operator):
        shown.add("verdicts")
    if case.under_review and detail.verdicts:
        newest = detail.verdicts[-1]
        if access.may_review(operator, newest.username, newest.role):
            shown.add("reviews")
    return frozenset(shown)
