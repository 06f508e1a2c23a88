"""A case's page: its facts, its time line, and the forms for what may be done now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from services.verification.casework import bodies, views
from services.verification.casework.acts import callbacks, judging, phones, reviews
from services.verification.casework.acts.desk import Desk, WrongFields
from services.verification.casework.api import case_id_of, find_case
from services.verification.casework.rules import access
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.verdicts import Wrong
from services.verification.signin.browser import Browser, Fields, Visit, see_other
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden
from shared.events import Language
from shared.values import clock
from shared.web.pages import Pages, language, when

Act = Callable[[Connection, Operator, UUID, Fields], Awaitable[str | None]]
_ADDRESS = "/desk/cases/{case_id}"


@dataclass(frozen=True)
class Attempt:
    """A form that could not be accepted: what was typed, and what is wrong with it."""

    form: str = ""
    typed: Fields = field(default_factory=lambda: Fields({}))
    wrong: tuple[Wrong, ...] = ()
    refusal: str = ""

    def of(self, field: str) -> str | None:
        """The key of the text about this field, if something is wrong with it."""
        return next((w.key for w in self.wrong if w.field == field), None)


class CasePage:
    """`/desk/cases/{id}` and its four forms."""

    def __init__(self, database: Database, desk: Desk, browser: Browser, pages: Pages) -> None:
        self._database, self._desk = database, desk
        self._browser, self._pages = browser, pages
        self._forms: dict[str, Act] = {
            "callbacks": self._log_callback,
            "verdicts": self._submit_verdict,
            "reviews": self._review,
            "phone-reveals": self._reveal_phone,
        }

    def routes(self) -> list[web.RouteDef]:
        """The page; a form's own address leads back to it when somebody reloads."""
        forms = _ADDRESS + "/{form}"
        return [
            web.get(_ADDRESS, self.show),
            web.get(forms, self.back),
            web.post(forms, self.send),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The case."""
        visit = await self._browser.visit(request, *access.READERS)
        return await self._page(request, visit, case_id_of(request), Attempt())

    async def back(self, request: web.Request) -> web.Response:
        """To the case."""
        return see_other(f"/desk/cases/{case_id_of(request)}")

    async def send(self, request: web.Request) -> web.Response:
        """Do what a form asks; on an error show it again with what was typed."""
        visit, typed = await self._browser.form(request, *access.WORKERS)
        case_id, form = case_id_of(request), request.match_info["form"]
        if form not in self._forms:
            raise web.HTTPNotFound
        try:
            async with self._database.transaction() as conn:
                phone = await self._forms[form](conn, visit.operator, case_id, typed)
        except ValidationError as error:
            wrong = [Wrong(str(e["loc"][0]), "unfit") for e in error.errors()]
            attempt = Attempt(form, typed, tuple(wrong))
        except WrongFields as error:
            attempt = Attempt(form, typed, error.wrong)
        except (Conflict, Forbidden) as error:
            attempt = Attempt(form, typed, refusal=error.detail)
        else:
            if phone:
                return await self._page(request, visit, case_id, Attempt(), phone)
            return see_other(f"/desk/cases/{case_id}")
        return await self._page(request, visit, case_id, attempt)

    async def _page(
        self,
        request: web.Request,
        visit: Visit,
        case_id: UUID,
        attempt: Attempt,
        phone: str | None = None,
    ) -> web.Response:
        async with self._database.acquire() as conn:
            case = await find_case(conn, visit.operator, case_id)
            detail = await views.load_detail(conn, case, self._desk.seal)
        categories = self._desk.policy(case).categories
        status = (409 if attempt.refusal else 422) if attempt.form else 200
        return self._pages.render(
            request,
            "case.html",
            status,
            visit=visit,
            case=case,
            detail=detail,
            attempt=attempt,
            phone=phone,
            categories=categories,
            forms=_forms(case, detail, visit.operator),
            now=clock.now(),
            due=partial(due, lang=language(request)),
        )

    async def _log_callback(
        self, conn: Connection, operator: Operator, case_id: UUID, typed: Fields
    ) -> None:
        body = bodies.CallbackBody.model_validate(
            {"outcome": typed.one("outcome"), "note": typed.one("note")}
        )
        await callbacks.log_callback(conn, self._desk, operator, case_id, body.outcome, body.note)

    async def _submit_verdict(
        self, conn: Connection, operator: Operator, case_id: UUID, typed: Fields
    ) -> None:
        body = bodies.VerdictBody.model_validate(
            {
                **{name: typed.one(name) for name in _SINGLE},
                "officers": typed.all("officers"),
                "categories": typed.all("categories"),
                "incident": typed.one("incident").strip() or None,
            }
        )
        await judging.submit_verdict(
            conn, self._desk, operator, case_id, body.draft(()), body.incident
        )

    async def _review(
        self, conn: Connection, operator: Operator, case_id: UUID, typed: Fields
    ) -> None:
        body = bodies.ReviewBody.model_validate(
            {"decision": typed.one("decision"), "note": typed.one("note")}
        )
        await reviews.review(conn, self._desk, operator, case_id, body.decision, body.note)

    async def _reveal_phone(
        self, conn: Connection, operator: Operator, case_id: UUID, typed: Fields
    ) -> str:
        body = bodies.RevealBody.model_validate({"reason": typed.one("reason")})
        return await phones.reveal_phone(conn, self._desk, operator, case_id, body.reason)


_SINGLE = ("verdict", "attribution", "finding", "answer", "revision")


def _forms(case: Case, detail: views.Detail, operator: Operator) -> frozenset[str]:
    """The forms that could succeed now; the others are not shown."""
    if operator.role not in access.WORKERS:
        return frozenset()
    shown = set()
    if case.phone_sealed:
        shown.add("phone-reveals")
        if case.callback_state != "reached":
            shown.add("callbacks")
    supervisor = operator.role in access.SUPERVISORS
    if case.state == "open" or (case.state == "verified" and supervisor):
        shown.add("verdicts")
    if case.under_review and detail.verdicts:
        newest = detail.verdicts[-1]
        if access.may_review(operator, newest["username"], newest["role"]):
            shown.add("reviews")
    return frozenset(shown)


def due(at: datetime, lang: Language) -> str:
    """A due time as people say it: the end of a day is 24:00 of that day, not 0:00 of the next."""
    if at != clock.end_of_day(clock.service_day(at) - timedelta(days=1)):
        return when(at, lang)
    day = when(at - timedelta(minutes=1), lang, "M月d日" if lang == "zh" else "d MMM")
    return f"{day} 24:00"
