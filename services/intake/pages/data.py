"""One's own data: what is kept and until when, and the form to ask for it; `/privacy` for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

from services.intake.pages import codes
from services.intake.pages.notices import HIDDEN
from services.intake.pages.typed import fresh_key
from services.intake.privacy.asking import Asking
from services.intake.privacy.views import WORDS, Answer, Wish
from shared.errors import Invalid, NotFound, Refused, TooMany, Wrong
from shared.values import clock
from shared.web import problems
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, Reply
from shared.web.texts import texts

PLACE = "/r/{receipt}/data"


@dataclass(frozen=True)
class DataPage:
    """`/r/{receipt}/data` and `/privacy`."""

    asking: Asking

    def endpoints(self) -> list[Endpoint]:
        """The page, its form, and what is said to everybody."""
        row = partial(Endpoint, who=PUBLIC, params={"receipt": str})
        return [
            Endpoint("GET", "/privacy", self.privacy, "How personal data is protected", PUBLIC),
            row("GET", PLACE, self.show, "What is kept of a submission"),
            row("POST", PLACE, self.ask, "Ask for a copy, a correction or a deletion",
                form=True, again=self.again, repeat="form"),
        ]  # fmt: skip

    async def privacy(self, _: Call[None, None]) -> Page:
        """In plain words."""
        return Page("privacy.html", {"days": self._days})

    async def show(self, call: Call[None, None]) -> Page:
        """What is kept, and the empty form."""
        return await self._page(call, {"key": fresh_key()})

    async def ask(self, call: Call[None, None]) -> Page | Reply:
        """The answer; a copy also as a file."""
        fields, words = call.fields, texts(call.language)
        typed = {name: fields.one(name) for name in ("kind", "known", "words")}
        try:
            wish = Wish.model_validate(typed)
        except ValidationError as error:
            raise Invalid(*problems.wrongs(error, words)) from None
        receipt = call.params["receipt"]
        note, key = words.text("data_correction_note"), call.repeat_key or fresh_key()
        answer = await self.asking.ask(call, wish, key, note)
        if fields.one("file") and answer.data:
            named = {"Content-Disposition": 'attachment; filename="mashang-data.json"'}
            return Reply(answer.data, headers={**HIDDEN, **named})
        return self._answer(receipt, answer, wish.known)

    def _answer(self, receipt: str, answer: Answer, known: str) -> Page:
        values = {"answer": answer, "receipt": codes.spelt(receipt), "known": known}
        return Page("data_answer.html", values, headers=HIDDEN)

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The form as it was typed, with what to mend."""
        typed = {name: call.fields.one(name) for name in ("kind", "known", "words", "key")}
        return await self._page(call, typed, refused)

    async def _page(
        self, call: Call[Any, Any], typed: Mapping[str, str], refused: Refused | None = None
    ) -> Page:
        receipt = call.params["receipt"]
        try:
            overview = await self.asking.overview(call)
        except (NotFound, TooMany) as stopped:
            return codes.refused(receipt, stopped)
        wrong = list(refused.wrong) if refused else []
        if refused and not wrong:
            wrong = [Wrong("form", refused.key, **refused.values)]
        values = {
            "overview": overview,
            "receipt": codes.spelt(receipt),
            "typed": {"kind": "", "known": "", "words": "", **typed},
            "wrong": wrong,
            "wrong_fields": {one.field: one for one in wrong},
            "limit": WORDS,
        }
        return Page("data.html", values, refused=refused, headers=HIDDEN)

    @property
    def _days(self) -> int:
        return self.asking.policies.at(clock.now()).privacy.kept_days
