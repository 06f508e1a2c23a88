"""The page of thanks behind a rating: words, reasons and an officer may follow, now or later."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from services.intake.accept.adding import Adding
from services.intake.accept.addition import Addition
from services.intake.accept.store.submissions import Rated
from services.intake.accept.submission import WORDS
from services.intake.pages import codes, files, wrongs
from services.intake.pages.notices import HIDDEN
from services.intake.pages.typed import Typed, addition, fresh_key, typed
from services.intake.pages.windows import Windows
from services.intake.photos.taking import UPLOADS, Taking
from shared.errors import KeyReused, Refused
from shared.events import Language
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, See

PATH = "/r/{receipt}/thanks"
MIDDLE = 3


def thanks_of(code: str, kind: str, satisfaction: int | None) -> str:
    """Where a submission leads: to thanks where all is well, else to its receipt."""
    well = kind == "rating" and (satisfaction or 0) >= MIDDLE
    return f"/r/{code}/thanks" if well else f"/r/{code}?new=1"


class ThanksQuery(BaseModel):
    """`added` is there right after something was added."""

    added: str | None = None


@dataclass(frozen=True)
class Thanks:
    """`/r/{receipt}/thanks`."""

    adding: Adding
    windows: Windows
    policies: Policies
    taking: Taking

    def endpoints(self) -> list[Endpoint]:
        """The page and its form."""
        return [
            Endpoint(
                "GET", PATH, self.show, "Thanks for a rating, and what one may add to it", PUBLIC,
                params={"receipt": str}, query=ThanksQuery,
            ),
            Endpoint(
                "POST", PATH, self.add, "Add words, photos, reasons or an officer to a rating",
                PUBLIC, params={"receipt": str}, form=True, again=self.again, uploads=UPLOADS,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, ThanksQuery]) -> Page | See:
        """The empty form; whoever did not rate well is led to the receipt."""
        receipt = call.params["receipt"]
        rated = await self.adding.submission(call)
        if thanks_of("", rated.kind, rated.satisfaction) != thanks_of("", "rating", MIDDLE):
            return See(f"/r/{receipt}")
        added = call.query.added is not None
        page = await self._page(call, rated, typed(call.fields, "rating"), added=added)
        known = self.adding.finding.browsers.remember(call, codes.spelt(receipt))
        return replace(page, cookies=known)

    async def add(self, call: Call[None, None]) -> Page | See:
        """Add what was said to the very rating."""
        said, receipt = typed(call.fields, "rating"), call.params["receipt"]
        rated = await self.adding.submission(call)
        key_hash = self.adding.key_hash(said.repeat_key)
        said = replace(said, attachments=await files.keep(self.taking, call, key_hash))
        if said.switch:
            return await self._page(call, rated, said)
        await self.adding.add_to(rated, addition_of(said, call.language), said.repeat_key, "thanks")
        return See(f"{PATH.replace('{receipt}', codes.spelt(receipt))}?added=1")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The form as it was typed, with what to mend."""
        said = typed(call.fields, "rating")
        names, lost = files.left(call, refused)
        key = fresh_key() if isinstance(refused, KeyReused) else said.key
        rated = await self.adding.submission(call)
        said = replace(said, key=key, attachments=names)
        return await self._page(call, rated, said, refused, lost=lost)

    async def _page(
        self,
        call: Call[Any, Any],
        rated: Rated,
        said: Typed,
        refused: Refused | None = None,
        *,
        added: bool = False,
        lost: bool = False,
    ) -> Page:
        window = await self.windows.of(rated.unit_code, rated.counter)
        wrong = wrongs.told(refused)
        policy = self.policies.at(clock.now())
        values = {
            "window": window,
            "rated": rated,
            "code": codes.spelt(call.params["receipt"]),
            "typed": said,
            "added": added,
            "wrong": wrong,
            "wrong_fields": {one.field: one for one in wrong},
            "praises": [one for one in policy.categories if one.good_zh],
            "limit": WORDS,
            **files.values(self.taking, call, lost=lost),
            # A rating in the middle is nobody's praise and no case: nobody would look at a photo.
            "takes_photos": self.taking.open and rated.satisfaction != MIDDLE,
        }
        return Page("thanks.html", values, refused=refused, headers=HIDDEN)


def addition_of(said: Typed, lang: Language) -> Addition:
    """What a form adds, checked. Invalid names each wrong field once."""
    badge, name = said.officer()
    return addition(
        lang, categories=said.categories, words=said.words, officer_badge=badge,
        officer_typed=name, attachments=said.attachments,
    )  # fmt: skip
