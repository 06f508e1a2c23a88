"""The page on a unit's tablet: one tap, perhaps why, thanks, and back to the start by itself."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from services.intake.accept import rules
from services.intake.accept.acceptance import Acceptance
from services.intake.accept.adding import Adding
from services.intake.accept.submission import Draft
from services.intake.pages.notices import notice
from services.intake.pages.thanks import addition_of
from services.intake.pages.typed import LEVELS, Typed, fresh_key, typed
from services.intake.pages.windows import Window, Windows
from shared.errors import Invalid, KeyReused, NotFound, Refused, Wrong
from shared.policy import Policies
from shared.values import clock
from shared.web.choices import COOKIE
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Cookie, Page, See

PATH = "/k/{code}"
UNKNOWN = notice("wrong_code", 404)
# Seconds until the thanks make room for the next person; who thinks of reasons gets longer.
REST, THINK = 30, 60
# A language is chosen for one visit: whoever comes next finds the tablet's own.
FORGET = (Cookie(COOKIE, None, same_site="Lax"),)


@dataclass(frozen=True)
class Kiosk:
    """`/k/{code}`. Only a kiosk's own code opens it, so nobody rates as one from home."""

    acceptance: Acceptance
    adding: Adding
    windows: Windows
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """The faces, the tap, the reasons, the thanks."""
        row = partial(Endpoint, who=PUBLIC, params={"code": str})
        see, tap = partial(row, "GET"), partial(row, "POST", form=True, limit=8 * 1024)
        return [
            see(PATH, self.start, "A kiosk's page"),
            tap(PATH, self.rate, "One tap at a kiosk", again=partial(self.again, "kiosk.html")),
            see(f"{PATH}/why", self.back, "To a kiosk's start"),
            tap(f"{PATH}/why", self.explain, "Why it was rated so at a kiosk",
                again=partial(self.again, "kiosk_why.html")),
            see(f"{PATH}/done", self.done, "A kiosk's thanks, for a while"),
        ]  # fmt: skip

    async def start(self, call: Call[None, None]) -> Page:
        """Five faces, under a key for one visit; in another language not for ever."""
        window = await self.windows.find(call.params["code"])
        chosen = bool(call.asked("lang") or COOKIE in call.cookies)
        return self._shown("kiosk.html", window, key=fresh_key(), failed=False, chosen=chosen)

    async def rate(self, call: Call[None, None]) -> Page | See:
        """Take the tap in, and ask why where it is low. A second one of a visit changes nothing."""
        window, level = self._window(call), call.fields.one("satisfaction")
        if level not in LEVELS:
            raise Invalid(Wrong("satisfaction", "wrong.satisfaction_missing"))
        draft = Draft(
            code=window.code, kind="rating", satisfaction=int(level), language=call.language
        )
        visit = typed(call.fields, "rating")
        try:
            sender = self.acceptance.gate.sender(call)
            await self.acceptance.accept(draft, visit.repeat_key, sender)
        except KeyReused:
            return See(f"/k/{window.code}/done")
        if rules.is_low(draft.satisfaction):
            return self._shown("kiosk_why.html", window, key=visit.key, failed=False)
        return See(f"/k/{window.code}/done")

    async def back(self, call: Call[None, None]) -> See:
        """The reasons belong to a visit, and have no page of their own; the next one begins."""
        return See(f"/k/{call.params['code']}", cookies=FORGET)

    async def explain(self, call: Call[None, None]) -> See:
        """Add the reasons to the visit's bad rating, once; none is as good."""
        window, visit = self._window(call), typed(call.fields, "rating")
        if visit.categories:
            addition = addition_of(Typed(categories=visit.categories), call.language)
            try:
                rated = await self.adding.stored(self.acceptance.receipt_hash(visit.repeat_key))
            except NotFound:
                return See(f"/k/{window.code}")
            if rules.is_low(rated.satisfaction):
                with suppress(KeyReused):
                    await self.adding.add_to(rated, addition, visit.repeat_key, "open")
        return See(f"/k/{window.code}/done")

    async def done(self, call: Call[None, None]) -> Page:
        """Thanks; the browser leaves it by itself."""
        window = await self.windows.find(call.params["code"])
        return replace(self._shown("kiosk_done.html", window), cookies=FORGET)

    async def again(self, template: str, call: Call[Any, Any], refused: Refused) -> Page:
        """The same once more, under the same key, with a word that nothing was received."""
        window = self.windows.recall(call.params["code"])
        key = call.fields.one("key") or fresh_key()
        page = self._shown(template, window, key=key, failed=True, chosen=True)
        return replace(page, refused=refused) if page.code == 200 else page

    def _window(self, call: Call[None, None]) -> Window:
        window = self.windows.recall(call.params["code"])
        if window is None or not self._is_kiosks(window):
            raise Invalid(Wrong("code", "wrong.code"))
        return window

    def _is_kiosks(self, window: Window) -> bool:
        return self.acceptance.unit_of(window.code).kiosk is not None

    def _shown(self, template: str, window: Window | None, **values: object) -> Page:
        if window is None or not self._is_kiosks(window):
            return UNKNOWN
        if not window.active:
            return notice("closed", 410, window.name)
        reasons = self.policies.at(clock.now()).categories
        told = {"window": window, "rest": REST, "think": THINK, "reasons": reasons}
        return Page(template, told | values)
