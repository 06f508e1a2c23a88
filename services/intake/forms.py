"""The citizens' pages: the form behind a window's code, and the receipt. No JavaScript needed."""

import re
import secrets
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qs

from aiohttp import web
from pydantic import ValidationError

from services.intake import receipts
from services.intake.accept import Acceptance, DoesNotFit
from services.intake.codes import UnitCode, WrongCode
from services.intake.rules import Wrong
from services.intake.status import Status, UnknownReceipt
from services.intake.store import units
from services.intake.store.units import Unit
from services.intake.submission import WORDS, Draft
from shared import clock
from shared.db import Database
from shared.errors import Conflict, KeyReused, Malformed, Unavailable
from shared.pages import Pages, language
from shared.policy import Policies

_FORM = "application/x-www-form-urlencoded"
_FIELDS_AT_MOST = 60
_KEY = re.compile(r"[\w-]{16,64}", re.ASCII)
LEVELS = ("1", "2", "3", "4", "5")
LOW = LEVELS[:2]


@dataclass(frozen=True)
class Typed:
    """What came from the form, as it was typed, so that nothing typed is ever lost."""

    kind: str = "rating"
    satisfaction: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    phone: str = ""
    officer_badge: str = ""
    urgent: bool = False
    key: str = ""
    step: Literal["tap", "details"] = "details"
    switch: bool = False

    def draft(self, code: str, lang: str) -> Draft:
        """The checked submission. ValidationError names the wrong fields."""
        level: object = self.satisfaction or None
        if self.satisfaction in LEVELS:
            level = int(self.satisfaction)
        return Draft.model_validate(
            {
                "code": code,
                "kind": self.kind,
                "satisfaction": level,
                "categories": self.categories,
                "words": self.words,
                "phone": self.phone,
                "officer_badge": self.officer_badge,
                "urgent": self.urgent,
                "language": lang,
            }
        )

    @property
    def wants_details(self) -> bool:
        """A tap on one of the two low faces: nothing is sent before we asked what went wrong."""
        return self.step == "tap" and self.satisfaction in LOW


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
        typed = Typed(kind=kind, key=_fresh_key(), step="tap" if kind == "rating" else "details")
        return self._show(request, window, typed)

    async def send(self, request: web.Request) -> web.Response:
        """Take the form in and lead to the receipt, or show it again with what to mend."""
        window = await self._window(request)
        if isinstance(window, web.Response):
            return window
        typed = _typed(await _read(request), request.match_info.get("kind", "rating"))
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
        anew = replace(typed, key=_fresh_key())
        wrong = [Wrong("form", "wrong_sent_already")]
        return self._show(request, window, anew, wrong, earlier=earlier)

    async def _window(self, request: web.Request) -> Window | web.Response:
        code = request.match_info["code"]
        try:
            read = self._acceptance.unit_of(code)
        except WrongCode:
            return self._pages.render(request, "wrong_code.html", 404)
        async with self._db.acquire() as conn:
            unit = await units.get(conn, read.unit_code)
        window = _window(code, read, unit)
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


async def _read(request: web.Request) -> dict[str, list[str]]:
    if request.content_type != _FORM:
        raise Malformed("Send the form as it stands on the page.")
    body = (await request.read()).decode("ascii", "replace")
    try:
        return parse_qs(body, keep_blank_values=True, max_num_fields=_FIELDS_AT_MOST)
    except ValueError:
        raise Malformed("The form has too many fields.") from None


def _typed(fields: dict[str, list[str]], kind: str) -> Typed:
    def one(name: str) -> str:
        return fields.get(name, [""])[-1]

    return Typed(
        kind=one("kind") or kind,
        satisfaction=one("satisfaction"),
        categories=tuple(fields.get("categories", ())),
        words=one("words"),
        phone=one("phone"),
        officer_badge=one("officer_badge"),
        urgent=bool(one("urgent")),
        # A form without its key was not sent by our page; it only loses the protection of repeats.
        key=one("key") if _KEY.fullmatch(one("key")) else _fresh_key(),
        step="tap" if one("step") == "tap" else "details",
        switch=bool(one("switch")),
    )


def _named(error: ValidationError) -> list[Wrong]:
    fields = dict.fromkeys(str(e["loc"][0]) for e in error.errors())
    return [Wrong(field, f"wrong_{field}") for field in fields]


def _fresh_key() -> str:
    return secrets.token_urlsafe(24)


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
