"""Who works on a case, and by when: a small page for each act, which leads back to the case."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework import bodies
from services.verification.casework.acts import (
    appeals,
    assigning,
    likeness,
    requests,
    urgent,
    words,
)
from services.verification.casework.acts.desk import Act, Desk, find_said
from services.verification.casework.acts.requests import Asked
from services.verification.casework.api import WORKERS, find_case
from services.verification.casework.rules import appeals as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import cases, incidents
from services.verification.directory.store import officers as directory
from services.verification.directory.store import units
from services.verification.paging import store as paging
from shared import access
from shared.db import Database
from shared.errors import Refused
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/cases/{case_id}"
# The newest pages of an urgent request.
_PAGES = 10


@dataclass(frozen=True)
class Form:
    """What a page's form takes and does, and what it is called in the table."""

    body: type[BaseModel]
    act: Act[Any, str]
    summary: str


FORMS: Mapping[str, Form] = {
    "lead": Form(bodies.LeadBody, assigning.assign, "Say who leads a case"),
    "helpers": Form(bodies.HelperBody, assigning.change_helpers, "Say who helps with a case"),
    "extension": Form(bodies.ExtensionBody, requests.ask_extension, "Ask for more time"),
    "dispute": Form(bodies.DisputeBody, requests.dispute, "Ask not to lead a case"),
    "incident": Form(
        bodies.IncidentBody, requests.ask_incident, "Ask to join another case, or to stand apart"
    ),
    "unlike": Form(bodies.UnlikeBody, likeness.set_apart, "Say that a case is another matter"),
    "appeal": Form(bodies.AppealBody, appeals.appeal, "Appeal on an officer's behalf"),
    "word": Form(words.WordBody, words.give, "Tell the citizen how it stands"),
    "page": Form(urgent.AnswerBody, urgent.answer, "Say that one has an urgent request"),
    "decision": Form(bodies.DecisionBody, requests.decide, "Answer a request from below"),
}


@dataclass(frozen=True)
class WorkPages:
    """`/desk/cases/{id}/lead` and its like."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """A page and its form for each act."""
        case = partial(Endpoint, params={"case_id": UUID})
        shown = (
            case("GET", f"{ADDRESS}/{name}", partial(self.show, name), form.summary, WORKERS)
            for name, form in FORMS.items()
        )
        sent = (
            case("POST", f"{ADDRESS}/{name}", partial(self.send, name), form.summary, WORKERS,
                 body=form.body, form=True, again=partial(self.again, name), csrf="token",
                 repeat="form")
            for name, form in FORMS.items()
        )  # fmt: skip
        return [*shown, *sent]

    async def show(self, name: str, call: Call[None, None]) -> Page:
        """The page, with nothing chosen."""
        return await self._page(name, call)

    async def send(self, name: str, call: Call[BaseModel, None]) -> See:
        """Do it, and back to the case, if they still have it."""
        case_id, form = call.params["case_id"], FORMS[name]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(form.act, conn, self.desk, call.operator, case_id, call.body)
            await repeats.once(conn, call, str, doing)
            still = await cases.get_case(conn, call.operator, case_id)
        return See(f"/desk/cases/{case_id}?done={name}" if still else "/desk")

    async def again(self, name: str, call: Call[None, None], refused: Refused) -> Page:
        """The page with what was typed, and what is wrong with it."""
        key = repeats.key_again(call, refused)
        return await self._page(name, call, call.fields, refused, key)

    async def _page(
        self,
        name: str,
        call: Call[Any, None],
        typed: Fields = NONE,
        refused: Refused | None = None,
        key: str = "",
    ) -> Page:
        async with self.database.transaction(as_=call.operator) as conn:
            case = await find_case(conn, call.operator, call.params["case_id"])
            named = await units.list_names(conn, [case.unit_code])
            team = await assigning.load_team(conn, case)
            asked = await requests.load_asked(conn, self.desk, call.operator, case)
            together = await incidents.list_others(conn, call.operator, case)
            officers = await directory.list_officer_names(conn, list(case.officers))
            pages = await paging.list_of(conn, case.case_id, _PAGES)
            other = await find_said(conn, call.operator, _other(call, typed, asked, case))
        values = {
            "case": case,
            "unit": named.get(case.unit_code, case.unit_code),
            "team": team,
            "asked": asked,
            "together": together,
            "second": other,
            "beside": self._words(case, other),
            "rule": self.desk.policy(case).verification,
            "progress": self.desk.policy(case).progress.every_days,
            "days": self.desk.policy(case).incident.days,
            "officers": {badge: officers.get(badge, "") for badge in case.officers},
            "appealable": rules.until(case, self.desk.policy(case)),
            "answer_days": self.desk.policy(case).appeal.officer_answer_days,
            "now": clock.now(),
            "above": call.operator.role in access.SUPERVISORS,
            "pages": pages,
            "name": name,
            "typed": typed,
            "key": key,
        }
        return Page(f"work_{name}.html", values, refused=refused)

    def _words(self, case: Case, other: Case | None) -> list[tuple[Case, str | None]]:
        """What two cases say, beside each other."""
        if other is None or other.case_id == case.case_id:
            return []
        return [(one, likeness.words_of(self.desk.seal, one)) for one in (case, other)]


def _other(call: Call[Any, None], typed: Fields, asked: list[Asked], case: Case) -> str:
    """The other case that it is about: typed, in the address, or named by what is asked."""
    named = (one.other for one in asked if one.other != case.number)
    return typed.one("incident") or call.asked("with") or next(filter(None, named), "")
