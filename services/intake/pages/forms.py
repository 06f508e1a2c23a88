"""The citizens' pages: the form behind a window's code, and the receipt. No JavaScript needed."""

from dataclasses import dataclass, replace

from aiohttp import web
from pydantic import ValidationError

from services.intake.accept import receipts
from services.intake.accept.acceptance import Acceptance, DoesNotFit
from services.intake.accept.codes import UnitCode, WrongCode
from services.intake.accept.rules import Wrong
from services.intake.accept.store import units
from services.intake.accept.store.units import Unit
from services.intake.accept.submission import WORDS
from services.intake.follow.status import Status, UnknownReceipt
from services.intake.pages.typed import Typed, fresh_key, read
from shared.db import Database
from shared.errors import Conflict, KeyReused, Unavailable
from shared.policy import Policies
from shared.values import clock
from shared.web.pages import Pages, language


@dataclass(frozen=True)
class Window:
    """The place that a genuine code names."""

    code: str
    unit_code: str
    name: str
    counter: int | None


class Forms:
    """`/w/{code}` and `/r/{receipt}`."""

    def __init__(
        self,
        acceptance: Acceptance,
        status: Status,
        database: Database,
        policies: Policies,
        pages: Pages,
    ) -> None:
        self._acceptance, self._status, self._db = acceptance, status, database
        self._policies, self._pages = policies, pages

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/", self.welcome),
            web.get("/robots.txt", self.robots),
            web.get("/w/{code}", self.form),
            web.get("/w/{code}/{kind:complaint|request}", self.form),
            web.post("/w/{code}", self.send),
            web.post("/w/{code}/{kind:complaint|request}", self.send),
            web.get("/r/{receipt}", self.receipt),
        ]

    async def welcome(self, request: web.Request) -> web.Response:
        """What this is: scan a code."""
        return self._pages.render(request, "welcome.html")

    async def robots(self, _: web.Request) -> web.Response:
        """Nothing here is for search engines."""
        return web.Response(text="User-agent: *\nDisallow: /\n")

    async def form(self, request: web.Request) -> web.Response:
        """The empty form of a window."""
        window = await self._window(request)
        if isinstance(window, web.Response):
            return window
        kind = request.match_info.get("kind", "rating")
        typed = Typed(kind=kind, key=fresh_key(), step="tap" if kind == "rating" else "details")
        return self._show(request, window, typed)

    async def send(self, request: web.Request) -> web.Response:
        """Take the form in and lead to the receipt, or show it again with what to mend."""
        window = await self._window(request)
        if isinstance(window, web.Response):
            return window
        typed = await read(request)
        if typed.switch:
            return self._show(request, window, typed)
        if typed.wants_details:
            return self._show(request, window, replace(typed, step="details"))
        try:
            draft = typed.draft(window.code, language(request))
            receipt = await self._acceptance.accept(draft, f"form:{typed.key}")
        except ValidationError as error:
            return self._show(request, window, typed, _named(error))
        except DoesNotFit as error:
            return self._show(request, window, typed, error.wrong)
        except KeyReused:
            return self._again(request, window, typed)
        except Conflict:
            return self._pages.render(request, "closed.html", 410, window=window)
        except Unavailable:
            return self._show(request, window, typed, [Wrong("form", "wrong_busy")], 503)
        return _see_other(f"/r/{receipt.code}?new=1")

    def _again(self, request: web.Request, window: Window, typed: Typed) -> web.Response:
        # Sent, gone back, changed, sent again: it could be a second submission, so ask.
        earlier = self._acceptance.receipt_code(f"form:{typed.key}")
        anew = replace(typed, key=fresh_key())
        wrong = [Wrong("form", "wrong_sent_already")]
        return self._show(request, window, anew, wrong, earlier=earlier)

    async def _window(self, request: web.Request) -> Window | web.Response:
        code = request.match_info["code"].strip()
        try:
            named = self._acceptance.unit_of(code)
        except WrongCode:
            return self._pages.render(request, "wrong_code.html", 404)
        async with self._db.acquire() as conn:
            unit = await units.get(conn, named.unit_code)
        window = _window(code, named, unit)
        if unit and not unit.active:
            return self._pages.render(request, "closed.html", 410, window=window)
        return window

    def _show(
        self,
        request: web.Request,
        window: Window,
        typed: Typed,
        wrong: list[Wrong] | None = None,
        status: int = 422,
        earlier: str | None = None,
    ) -> web.Response:
        return self._pages.render(
            request,
            f"{typed.step}.html",
            status if wrong else 200,
            window=window,
            typed=typed,
            wrong=wrong or [],
            wrong_fields={w.field: w.text for w in wrong or []},
            categories=self._policies.at(clock.now()).categories,
            earlier=earlier,
            limit=WORDS,
        )

    async def receipt(self, request: web.Request) -> web.Response:
        """The story so far; large and with a word on keeping it when it is new."""
        try:
            account = await self._status.of(request.match_info["receipt"], language(request))
        except UnknownReceipt:
            return _private(self._pages.render(request, "unknown_receipt.html", 404))
        return _private(
            self._pages.render(
                request,
                "receipt.html",
                account=account,
                code=receipts.grouped(receipts.normalise(request.match_info["receipt"]) or ""),
                new="new" in request.query,
            )
        )


def _named(error: ValidationError) -> list[Wrong]:
    fields = dict.fromkeys(str(e["loc"][0]) for e in error.errors())
    return [Wrong(field, f"wrong_{field}") for field in fields]


def _window(code: str, read: UnitCode, unit: Unit | None) -> Window:
    # Until the directory has named the unit, its code stands for the name.
    return Window(code, read.unit_code, unit.name if unit else read.unit_code, read.counter)


def _see_other(location: str) -> web.Response:
    return web.Response(status=303, headers={"Location": location})


def _private(response: web.Response) -> web.Response:
    # The address is the secret: it must reach neither another site nor a search engine.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
