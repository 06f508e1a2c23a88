"""A case's page: its facts, its time line, and the forms for what may be done now."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import segno
from pydantic import BaseModel

from services.verification.casework import tries
from services.verification.casework.acts import (
    assigning,
    consequences,
    drafts,
    evidence,
    likeness,
    overtaken,
    phones,
    recusals,
    requests,
    templates,
)
from services.verification.casework.acts.desk import Desk, find_said
from services.verification.casework.api import READERS, WORKERS, find_case
from services.verification.casework.details import load_detail
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.pages.case_forms import DONE, FORMS, Attempt, begun, possible
from services.verification.casework.pages.work import ADDRESS
from services.verification.casework.roster import load_roster
from services.verification.casework.rules import numbers
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import cases, incidents
from services.verification.directory.store import units
from shared.db import Connection, Database
from shared.errors import NotFound, Refused
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import Fields
from shared.web.replies import Page, Reply, See
from shared.web.texts import LANGUAGES

# The field of the verdict that names the case with which this one belongs.
_JOINS = "verdicts-incident"
_ANSWERS = "verdicts-answer"


@dataclass(frozen=True)
class CasePage:
    """`/desk/cases/{id}` and its forms.

    The browser sees one form, whose buttons lead to the addresses of its sections: so a
    half-written verdict comes along when a call is logged, and stands on the next page as a draft.
    """

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The page; a form's own address leads back to it when somebody reloads."""
        case = partial(Endpoint, params={"case_id": UUID})
        return [
            Endpoint("GET", ADDRESS, self.show, "One case, by its id or its number", READERS,
                     params={"case_id": str}),
            case("POST", ADDRESS, self.enter, "Keep what is filled in, or do what is plainly meant",
                 WORKERS, form=True, again=partial(self.again, ""), csrf="token", repeat="form",
                 limit=VERDICT_LIMIT),
            *(case("GET", f"{ADDRESS}/{name}", self.back, "Back to the case", READERS)
              for name in FORMS),
            *(case("POST", f"{ADDRESS}/{name}", partial(self.send, name), form.summary, form.who,
                   body=form.body, form=True, again=partial(self.again, name), csrf="token",
                   repeat="form", limit=VERDICT_LIMIT, section=name)
              for name, form in FORMS.items()),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page | See:
        """The case, with what was written and not sent; by any other name one is led to its id."""
        said = call.params["case_id"]
        async with self.database.reading(as_=call.operator) as conn:
            case = await find_said(conn, call.operator, said)
            if case is None:
                raise NotFound("refused.no_case")
            if said != str(case_id := case.case_id):
                return See(f"/desk/cases/{case_id}")
        return await self._page(call)

    async def enter(self, call: Call[None, None]) -> Reply | See:
        """The Enter key, which belongs to no section: where only one was begun, it is sent.

        Otherwise, and by the button that says so, what is filled in is kept, and nothing else done.
        """
        case_id = call.params["case_id"]
        page = f"/desk/cases/{case_id}"
        async with self.database.transaction(as_=call.operator) as conn:
            case = await find_case(conn, call.operator, case_id)
            before = (await drafts.load(conn, self.desk, call.operator, case_id)).typed
            joins, use = call.fields.one("join"), call.fields.one("use")
            kept = joins or use or call.fields.one("keep")
            meant = [] if kept else list(begun(call.fields, before))
            if len(meant) == 1:
                return Reply(None, 307, {"Location": f"{page}/{meant[0]}"})
            fields = call.fields.having(_JOINS, joins) if joins else call.fields
            if use:
                fields = await self._filled(conn, case, fields)
            await drafts.keep(conn, self.desk, call.operator, case_id, fields, FORMS)
        lang = call.asked("lang")
        done = "joined" if joins else "filled" if use else "kept"
        return See(f"{page}?done={done}" + (f"&lang={lang}" if lang in LANGUAGES else ""))

    async def _filled(self, conn: Connection, case: Case, fields: Fields) -> Fields:
        """With the template that is chosen below what the answer says already."""
        chosen = numbers.read(fields.one("template"))
        if not isinstance(chosen, UUID):
            return fields
        names = await units.list_names(conn, [case.unit_code])
        added = await templates.filled(conn, self.desk, case, chosen, names[case.unit_code])
        written = fields.one(_ANSWERS).strip()
        return fields.having(_ANSWERS, "\n\n".join(one for one in (written, added) if one))

    async def back(self, call: Call[None, None]) -> See:
        """To the case."""
        return See(f"/desk/cases/{call.params['case_id']}")

    async def send(self, name: str, call: Call[BaseModel, None]) -> Page | See:
        """Do what a form asks."""
        case_id, form = call.params["case_id"], FORMS[name]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(form.act, conn, self.desk, call.operator, case_id, call.body)
            done = await repeats.once(conn, call, form.done, doing)
            # What was done may have taken the case out of their hands.
            still = await cases.get_case(conn, call.operator, case_id)
            if still:
                others = FORMS.keys() - {name}
                await drafts.keep(conn, self.desk, call.operator, case_id, call.fields, others)
        if isinstance(done, str):
            return await self._page(call, Attempt(typed=call.fields))
        return See(f"/desk/cases/{case_id}?done={name}" if still else "/desk")

    async def again(self, name: str, call: Call[None, None], refused: Refused) -> Page:
        """The page with what was typed into the form, and what is wrong with it."""
        case_id = call.params["case_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            await find_case(conn, call.operator, case_id)
            await drafts.keep(conn, self.desk, call.operator, case_id, call.fields, FORMS)
        key = repeats.key_again(call, refused)
        return await self._page(call, Attempt(name, call.fields, refused, key))

    async def _page(self, call: Call[Any, None], attempt: Attempt | None = None) -> Page:
        """With what was typed; without that, with what was written before and not sent."""
        case_id = call.params["case_id"]
        async with self.database.reading(as_=call.operator) as conn:
            case = await find_case(conn, call.operator, case_id)
            kept = await drafts.load(conn, self.desk, call.operator, case_id)
            attempt = attempt or Attempt(typed=kept.typed)
            detail = await load_detail(conn, case, self.desk)
            roster = await load_roster(conn, call.operator, detail)
            alike = await likeness.suggestions(conn, self.desk, call.operator, case)
            called = await tries.load(conn, case, self.desk.policy(case).callback)
            team = await assigning.load_team(conn, case)
            asked = await requests.load_asked(conn, self.desk, call.operator, case)
            together = await incidents.list_others(conn, call.operator, case)
            phone = await phones.shown_today(conn, self.desk, call.operator, case)
            forms = possible(case, detail, call.operator)
            typed = attempt.said(overtaken.SECTION)
            then = (
                await consequences.load(conn, self.desk, call.operator, case, typed)
                if overtaken.SECTION in forms
                else []
            )
            windows = await units.count_counters(conn, case.unit_code)
            on_duty = await recusals.on_duty(conn, self.desk, case)
            fitting = await templates.fitting(conn, case)
            pieces = await evidence.load(conn, self.desk.seal, case)
        values = {
            "case": case,
            "detail": detail,
            "roster": roster,
            "alike": alike,
            "attempt": attempt,
            "phone": phone,
            "code": _code(phone),
            "tries": called,
            "team": team,
            "asked": asked,
            "together": together,
            "categories": self.desk.policy(case).categories,
            "call_languages": self.desk.policy(case).call_languages,
            "forms": forms,
            "then": then,
            "windows": windows,
            "on_duty": [badge for badge in roster.active if badge in on_duty],
            "templates": fitting,
            "evidence": pieces,
            "saved_at": kept.saved_at,
            "now": clock.now(),
            "done": done if (done := call.asked("done")) in DONE else "",
            "overtaken": overtaken.is_overtaken(attempt.typed, case),
        }
        return Page("case.html", values, refused=attempt.refused)


def _code(phone: str | None) -> str | None:
    """An SVG that one's own phone reads to dial the number."""
    if phone is None:
        return None
    drawn = segno.make(f"tel:{phone}", micro=False)
    return drawn.svg_inline(scale=4, border=4, light="#fff", svgclass=None, lineclass=None)
