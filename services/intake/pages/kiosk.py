"""The page on a unit's tablet: one tap, thanks, and back to the start by itself."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.intake.accept.acceptance import Acceptance
from services.intake.accept.submission import Draft
from services.intake.pages.notices import notice
from services.intake.pages.typed import LEVELS, fresh_key, typed
from services.intake.pages.windows import Window, Windows
from shared.errors import Invalid, KeyReused, Refused, Wrong
from shared.web import problems
from shared.web.endpoints import PUBLIC, Call, Endpoint, Page, See

PATH = "/k/{code}"
UNKNOWN = notice("wrong_code", 404)
# Seconds until the thanks make room for the next person.
REST = 30


@dataclass(frozen=True)
class Kiosk:
    """`/k/{code}`. Only a kiosk's own code opens it, so nobody rates as one from home."""

    acceptance: Acceptance
    windows: Windows

    def endpoints(self) -> list[Endpoint]:
        """The faces, the tap, the thanks."""
        return [
            Endpoint("GET", PATH, self.start, "A kiosk's page", PUBLIC, params={"code": str}),
            Endpoint(
                "POST", PATH, self.rate, "One tap at a kiosk", PUBLIC, params={"code": str},
                form=True, again=self.again, limit=8 * 1024,
            ),
            Endpoint(
                "GET", f"{PATH}/done", self.done, "A kiosk's thanks, for a while", PUBLIC,
                params={"code": str},
            ),
        ]  # fmt: skip

    async def start(self, call: Call[None, None]) -> Page:
        """Five faces, under a key for one visit."""
        window = await self.windows.find(call.params["code"])
        return self._shown("kiosk.html", window, key=fresh_key(), failed=False)

    async def rate(self, call: Call[None, None]) -> See:
        """Take the tap in. A second one of the same visit changes nothing."""
        window = self.windows.recall(call.params["code"])
        if window is None or not self._is_kiosks(window):
            raise Invalid(Wrong("code", "wrong.code"))
        level = call.fields.one("satisfaction")
        if level not in LEVELS:
            raise Invalid(Wrong("satisfaction", "wrong.satisfaction_missing"))
        draft = Draft(
            code=window.code, kind="rating", satisfaction=int(level), language=call.language
        )
        with suppress(KeyReused):
            key = typed(call.fields, "rating").repeat_key
            await self.acceptance.accept(draft, key, self.acceptance.gate.sender(call))
        return See(f"/k/{window.code}/done")

    async def done(self, call: Call[None, None]) -> Page:
        """Thanks; the browser leaves it by itself."""
        window = await self.windows.find(call.params["code"])
        return self._shown("kiosk_done.html", window)

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The faces once more, under the same key, with a word that nothing was received."""
        window = self.windows.recall(call.params["code"])
        key = call.fields.one("key") or fresh_key()
        page = self._shown("kiosk.html", window, key=key, failed=True)
        status = int(refused.status) if page.status == 200 else page.status
        return Page(page.template, page.values, status, headers=problems.headers(refused))

    def _is_kiosks(self, window: Window) -> bool:
        return self.acceptance.unit_of(window.code).kiosk is not None

    def _shown(self, template: str, window: Window | None, **values: object) -> Page:
        if window is None or not self._is_kiosks(window):
            return UNKNOWN
        if not window.active:
            return notice("closed", 410, window.name)
        return Page(template, {"window": window, "rest": REST, **values})
