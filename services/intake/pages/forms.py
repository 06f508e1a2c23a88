"""The form behind a window's code. No JavaScript needed, and nothing typed is ever lost."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from services.intake.accept.acceptance import Acceptance
from services.intake.accept.submission import WORDS
from services.intake.pages import files, once, wrongs
from services.intake.pages import typed as forms
from services.intake.pages.notices import notice
from services.intake.pages.screens import Screen
from services.intake.pages.thanks import thanks_of
from services.intake.pages.typed import KINDS, LOW, Typed, fresh_key
from services.intake.pages.windows import Window, Windows
from services.intake.photos.taking import UPLOADS, Taking
from shared.errors import KeyReused, Refused, Unavailable
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, See

PLACES = {"": "rating", "/complaint": "complaint", "/request": "request"}
UNKNOWN = notice("wrong_code", 404)


@dataclass(frozen=True)
class Forms:
    """`/w/{code}` and its ways on."""

    acceptance: Acceptance
    windows: Windows
    policies: Policies
    taking: Taking

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [one for place in PLACES for one in self._at(place)]

    def _at(self, place: str) -> tuple[Endpoint, Endpoint]:
        path, kind = f"/w/{{code}}{place}", PLACES[place]
        return (
            Endpoint(
                "GET", path, partial(self.form, kind), f"A window's form for a {kind}", PUBLIC,
                params={"code": str},
            ),
            Endpoint(
                "POST", path, partial(self.send, kind), f"Send a {kind} from its form", PUBLIC,
                params={"code": str}, form=True, again=partial(self.again, kind),
                uploads=UPLOADS,
            ),
        )  # fmt: skip

    async def form(self, kind: str, call: Call[None, None]) -> Page:
        """The empty form of a window; a phone that keeps it asks for that of a low face, too."""
        window = await self.windows.find(call.params["code"])
        if window and not window.active:
            return notice("closed", 410, window.name)
        key, cookies = once.key_of(call)
        channel = forms.channel(call.asked("channel"), call.agent)
        typed = Typed(kind=kind, key=key, channel=channel, satisfaction=call.asked("satisfaction"))
        return replace(self._show(call, window, _begun(typed)), cookies=cookies)

    async def send(self, kind: str, call: Call[None, None]) -> Page | See:
        """Take the form in and lead to its receipt, or show the next step."""
        typed, code = await self._received(kind, call), call.params["code"]
        if typed.switch or typed.turn or typed.wants_details:
            return self._show(call, await self.windows.find(code), _next(typed))
        typed = typed.tapped() if typed.step == "tap" else typed
        now = clock.now()
        draft = typed.draft(code, call.language, now, self.policies.at(now).zone)
        gate = self.acceptance.gate
        sender = gate.form_sender(call, typed.repeat_key)
        receipt = await self.acceptance.accept(draft, typed.repeat_key, sender)
        leads = thanks_of(receipt.code, draft.kind, draft.satisfaction)
        return See(leads, cookies=gate.mark(call))

    async def _received(self, kind: str, call: Call[None, None]) -> Typed:
        """What was typed, its photos and recording stored: they need not be chosen again."""
        typed = forms.typed(call.fields, kind, call.agent)
        receipt_hash = self.acceptance.receipt_hash(typed.repeat_key)
        return replace(typed, attachments=await files.keep(self.taking, call, receipt_hash))

    async def again(self, kind: str, call: Call[Any, Any], refused: Refused) -> Page:
        """The form as it was typed, with what to mend or why it was not taken in."""
        names, lost = files.left(call, refused)
        typed, code = forms.typed(call.fields, kind, call.agent), call.params["code"]
        typed = replace(typed, attachments=names)
        if isinstance(refused, Unavailable):
            return self._show(call, self.windows.recall(code), typed, refused, lost=lost)
        window = await self.windows.find(code)
        if isinstance(refused, KeyReused):
            # Sent, gone back, changed, sent again: it could be a second submission, so ask.
            earlier = self.acceptance.receipt_code(typed.repeat_key)
            typed = replace(typed, key=fresh_key())
            return self._show(call, window, typed, refused, earlier, lost=lost)
        return self._show(call, window, typed, refused, lost=lost)

    def _show(
        self,
        call: Call[Any, Any],
        window: Window | None,
        typed: Typed,
        refused: Refused | None = None,
        earlier: str | None = None,
        *,
        lost: bool = False,
    ) -> Page:
        if window is None:
            return UNKNOWN
        wrong, now = wrongs.told(refused), clock.now()
        policy = self.policies.at(now)
        unit = self.acceptance.unit_of(window.code)
        values = {
            "window": window,
            "invited": unit.invitation is not None,
            "typed": typed,
            "wrong": wrong,
            "wrong_fields": {one.field: one for one in wrong},
            "policy": policy,
            "today": now.astimezone(policy.zone).date(),
            "earlier": earlier,
            "limit": WORDS,
            "screen": Screen(typed, self.taking.open),
            "away": isinstance(refused, Unavailable),
            **files.values(self.taking, call, lost=lost),
            "puzzle": self.acceptance.gate.puzzle(
                call, unit.unit_code, unit.code, typed.repeat_key
            ),
        }
        return Page(f"{typed.step}.html", values, refused=refused)


def _begun(typed: Typed) -> Typed:
    """The faces, or a form; what a low face leads to has an address of its own."""
    if typed.kind != KINDS[0]:
        return replace(typed, satisfaction="")
    if typed.satisfaction in LOW:
        return replace(typed, kind="")
    return replace(typed, satisfaction="", step="tap")


def _next(typed: Typed) -> Typed:
    if typed.switch:
        return typed
    # Between rating and complaining nothing is chosen for anybody.
    return typed.turned() if typed.turn else replace(typed, step="details", kind="")
