"""The desk's pages: signing in and the inbox. No JavaScript."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from services.verification.casework import bodies, listing
from services.verification.casework.acts.desk import Desk
from services.verification.casework.pages.case import CasePage, due
from services.verification.casework.rules import access
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import lists
from services.verification.directory.store import units
from services.verification.signin import browser
from services.verification.signin.browser import Browser, Fields
from services.verification.signin.sessions import SignIn
from shared.db import Database
from shared.errors import Unauthenticated
from shared.values import clock
from shared.web.pages import Pages, language

_SOON = timedelta(hours=3)
_PAGE = 25


class DeskPages:
    """Sign-in, the inbox, and the case pages."""

    def __init__(
        self, database: Database, desk: Desk, sign_in: SignIn, pages: Pages, *, secure: bool
    ) -> None:
        self._database, self._pages, self._sign_in = database, pages, sign_in
        self._browser = Browser(sign_in, secure=secure)
        self._case_page = CasePage(database, desk, self._browser, pages)

    def routes(self) -> list[web.RouteDef]:
        """What the desk answers to."""
        return [
            web.get("/", self.home),
            web.get("/desk", self.inbox),
            web.get(browser.SIGN_IN_PATH, self.show_sign_in),
            web.post(browser.SIGN_IN_PATH, self.begin),
            web.get("/desk/sign-out", self.home),
            web.post("/desk/sign-out", self.end),
            *self._case_page.routes(),
        ]

    async def home(self, _: web.Request) -> web.Response:
        """There is only the desk here."""
        return browser.see_other("/desk")

    async def show_sign_in(self, request: web.Request) -> web.Response:
        """The sign-in form."""
        fields = Fields({"next": (request.query.get("next", ""),)})
        return self._sign_in_page(request, fields, wrong=False)

    async def begin(self, request: web.Request) -> web.Response:
        """Sign in; the name that was typed is kept if it fails."""
        browser.check_origin(request)
        fields = await browser.read_fields(request)
        try:
            session = await self._sign_in.begin(
                fields.one("username").strip().lower(), fields.one("password")
            )
        except Unauthenticated:
            return self._sign_in_page(request, fields, wrong=True)
        response = browser.see_other(browser.safe_next(fields.one("next")))
        self._browser.remember(response, session)
        return response

    def _sign_in_page(self, request: web.Request, fields: Fields, *, wrong: bool) -> web.Response:
        return self._pages.render(
            request,
            "sign_in.html",
            401 if wrong else 200,
            wrong=wrong,
            username=fields.one("username"),
            next=browser.safe_next(fields.one("next")),
        )

    async def end(self, request: web.Request) -> web.Response:
        """Sign out."""
        visit, _ = await self._browser.form(request)
        response = browser.see_other(browser.SIGN_IN_PATH)
        await self._browser.forget(response, visit)
        return response

    async def inbox(self, request: web.Request) -> web.Response:
        """What is to be done, the most pressing first."""
        visit = await self._browser.visit(request)
        if visit.operator.role not in access.READERS:
            return self._pages.render(request, "no_cases.html", visit=visit)
        query = _query(request.query)
        now, today = clock.now(), listing.end_of_today()
        async with self._database.acquire() as conn:
            page = await listing.list_page(conn, visit.operator, query)
            counts = await lists.count_due(conn, visit.operator, today, now)
            names = await units.list_names(conn, [case.unit_code for case in page.cases])
        return self._pages.render(
            request,
            "inbox.html",
            visit=visit,
            cases=page.cases,
            counts=counts,
            names=names,
            query=query,
            next_page=_link(query, page.cursor) if page.cursor else None,
            pressing=lambda case: pressing(case, now),
            due=partial(due, lang=language(request)),
        )


def _query(given: Mapping[str, str]) -> bodies.ListQuery:
    # A link with a filter that we do not know shows the inbox, not an error.
    kept = {name: value for name, value in given.items() if value}
    try:
        return bodies.ListQuery.model_validate(kept | {"limit": _PAGE})
    except ValidationError:
        return bodies.ListQuery(limit=_PAGE)


def _link(query: bodies.ListQuery, cursor: str) -> str:
    kept = {"state": query.state, "due": query.due, "unit": query.unit, "cursor": cursor}
    return "/desk?" + urlencode({name: value for name, value in kept.items() if value})


def pressing(case: Case, now: datetime) -> Literal["late", "soon", ""]:
    """How pressing the next duty is."""
    if case.next_due_at is None:
        return ""
    if case.next_due_at < now:
        return "late"
    return "soon" if case.next_due_at < now + _SOON else ""
