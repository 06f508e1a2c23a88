"""The form behind a window's code. No JavaScript needed, and nothing typed is ever lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from services.intake.accept.acceptance import Acceptance
from services.intake.accept.submission import WORDS
from services.intake.pages import once
from services.intake.pages import typed as forms
from services.intake.pages.notices import notice
from services.intake.pages.screens import Screen
from services.intake.pages.thanks import thanks_of
from services.intake.pages.typed import Step, Typed, fresh_key
from services.intake.pages.windows import Window, Windows
from services.intake.photos.decoder import VOICE_SECONDS
from services.intake.photos.taking import MOST, UPLOADS, Taking
from shared.errors import KeyReused, Refused, Unavailable, Wrong
from shared.policy import Policies
from shared.values import clock
from shared.web import problems
from shared.web.endpoints import PUBLIC, Call, Endpoint, Page, See

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
        """The empty form of a window."""
        window = await self.windows.find(call.params["code"])
        if window and not window.active:
            return notice("closed", 410, window.name)
        step: Step = "tap" if kind == "rating" else "details"
        channel = forms.channel(call.asked("channel"), call.agent)
        key, cookies = once.key_of(call)
        page = self._show(call, window, Typed(kind=kind, key=key, step=step, channel=channel))
        return replace(page, cookies=cookies)

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
        if not call.files or not self.taking.open:
            return typed
        receipt_hash = self.acceptance.receipt_hash(typed.repeat_key)
        names = await self.taking.take(receipt_hash, call.files)
        call.fields, call.files = call.fields.having("attachments", *names), ()
        return replace(typed, attachments=names)

    async def again(self, kind: str, call: Call[Any, Any], refused: Refused) -> Page:
        """The form as it was typed, with what to mend or why it was not taken in."""
        typed, code = forms.typed(call.fields, kind, call.agent), call.params["code"]
        if isinstance(refused, Unavailable):
            seen = self.windows.recall(code)
            return self._show(call, seen, typed, refused, lost=bool(call.files))
        window = await self.windows.find(code)
        if isinstance(refused, KeyReused):
            # Sent, gone back, changed, sent again: it could be a second submission, so ask.
            earlier = self.acceptance.receipt_code(typed.repeat_key)
            fresh = replace(typed, key=fresh_key(), attachments=())
            return self._show(call, window, fresh, refused, earlier, lost=bool(typed.attachments))
        if any(one.field == "attachments" for one in refused.wrong):
            typed = replace(typed, attachments=())
        return self._show(call, window, typed, refused, lost=bool(call.files))

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
        wrong, now = _wrong(refused) if refused else [], clock.now()
        policy = self.policies.at(now)
        values = {
            "window": window,
            "typed": typed,
            "wrong": wrong,
            "wrong_fields": {one.field: one for one in wrong},
            "policy": policy,
            "today": now.astimezone(policy.zone).date(),
            "earlier": earlier,
            "limit": WORDS,
            "screen": Screen(typed),
            "away": isinstance(refused, Unavailable),
            "takes_photos": self.taking.open,
            "photos_lost": lost,
            "most_photos": MOST["photo"],
            "voice_seconds": VOICE_SECONDS,
            "puzzle": self._puzzle(call, window, typed),
        }
        if refused is None:
            return Page(f"{typed.step}.html", values)
        status, headers = int(refused.status), problems.headers(refused)
        return Page(f"{typed.step}.html", values, status, headers=headers)

    def _puzzle(self, call: Call[Any, Any], window: Window, typed: Typed) -> str:
        unit = self.acceptance.unit_of(window.code)
        return self.acceptance.gate.puzzle(call, unit.unit_code, unit.code, typed.repeat_key)


def _next(typed: Typed) -> Typed:
    if typed.switch:
        return typed
    # Between rating and complaining nothing is chosen for anybody.
    return typed.turned() if typed.turn else replace(typed, step="details", kind="")


def _wrong(refused: Refused) -> Sequence[Wrong]:
    if isinstance(refused, KeyReused):
        return [Wrong("form", "wrong.sent_already")]
    if isinstance(refused, Unavailable):
        return [Wrong("form", "wrong.busy")]
    wrong = [forms.shown_at(one) for one in refused.wrong]
    return wrong or [Wrong("form", refused.key, **refused.values)]
