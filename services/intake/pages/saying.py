"""The pages on which citizens answer back; each leads back to the receipt."""

from dataclasses import dataclass
from functools import partial
from secrets import token_urlsafe
from typing import Any

from pydantic import BaseModel

from services.intake.accept import receipts
from services.intake.accept.adding import Adding
from services.intake.accept.submission import WORDS
from services.intake.follow import bodies, views
from services.intake.follow.answering import Answering
from services.intake.follow.binding import Binding
from services.intake.follow.status import Status
from services.intake.pages import codes, files, wrongs
from services.intake.pages.notices import HIDDEN
from services.intake.pages.typed import addition
from services.intake.photos.taking import UPLOADS, Taking
from shared.errors import Conflict, Invalid, NotFound, Refused, TooMany, Wrong
from shared.web import repeats
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Answer, Page, See
from shared.web.uploads import Uploads

ADDRESS = "/r/{receipt}"
# Whoever finds such an address in a browser's history learns nothing from its name, or its answer.
ABOVE = "above"


@dataclass(frozen=True)
class Form:
    """A form: its address behind the receipt's, what it takes, and which page shows it.

    One that takes files checks what was typed itself, after they have been stored.
    """

    place: str
    body: type[BaseModel] | None
    template: str
    summary: str

    @property
    def uploads(self) -> Uploads | None:
        """The files that it takes."""
        return None if self.body else UPLOADS


RATING = Form("rating", bodies.RatingBody, "rating", "Answer the two questions")
FOLLOWUP = Form("followup", bodies.FollowupBody, "followup", "Do not accept the answer")
ADD = Form("add", None, "add", "Add words or photos while it is open")
WITHDRAW = Form("withdraw", bodies.WithdrawalBody, "withdraw", "Withdraw, or take that back")
PRESSED = Form(ABOVE, bodies.PressureBody, ABOVE, "Tell the level above of pressure")
PHONE = Form("phone", bodies.PhoneBody, "phone", "Have a code sent to a phone")
CODE = Form("phone/code", bodies.CodeBody, "phone", "Bind the phone with its code")
# What the receipt says after each.
DONE = frozenset({"rating", "followup", "add", "withdraw", "phone"})


@dataclass(frozen=True)
class SayingPages:
    """`/r/{receipt}/…`."""

    status: Status
    answering: Answering
    binding: Binding
    adding: Adding
    taking: Taking

    def endpoints(self) -> list[Endpoint]:
        """A page and a form each; a form's own address leads to where it stands."""
        say = self.answering
        return [
            *_both(RATING, self.back, partial(self.note, say.rate, ""), self.again),
            *_both(FOLLOWUP, self.show, partial(self.note, say.follow_up, ""), self.again),
            *_both(ADD, self.show, self.add, self.again),
            *_both(WITHDRAW, self.show, partial(self.note, say.withdraw, ""), self.again),
            *_both(PRESSED, self.show, partial(self.note, say.report, ABOVE), self.again),
            *_both(PHONE, self.show, self.ask, self.again),
            *_both(CODE, self.to_phone, self.bind, self.again),
        ]

    async def show(self, form: Form, call: Call[None, None]) -> Page:
        """The empty form, or why there is none now."""
        return await self._page(form, call)

    async def back(self, form: Form, call: Call[None, None]) -> See:
        """To the receipt, where the form stands."""
        return See(_receipt(call))

    async def to_phone(self, form: Form, call: Call[None, None]) -> See:
        """To the page of the phone."""
        return See(f"{_receipt(call)}/phone")

    async def note(self, do: Any, place: str, form: Form, call: Call[Any, None]) -> Answer:
        """Said, once; on to what tells that it is stored."""
        if _only_looks(call):
            return await self._page(form, call)
        await self.answering.act(call, views.Noted, do)
        at = _receipt(call)
        return See(f"{at}/{place}?done=1" if place else f"{at}?done={form.place}")

    async def add(self, form: Form, call: Call[None, None]) -> Answer:
        """Added to the case that is still open."""
        account = await self.status.of(call)
        if "add" not in account.may:
            raise Conflict("refused.not_now_add")
        key = call.repeat_key or token_urlsafe(24)
        names = await files.keep(self.taking, call, self.adding.key_hash(key))
        if _only_looks(call):
            return await self._page(form, call)
        added = addition(call.language, words=call.fields.one("words"), attachments=names)
        if added.empty:
            raise Invalid(Wrong("words", "wrong.add_empty"))
        await self.adding.add(call, added, key, "open")
        return See(f"{_receipt(call)}?done=add")

    async def ask(self, form: Form, call: Call[bodies.PhoneBody, None]) -> Answer:
        """On its way, or not: nobody can tell."""
        if _only_looks(call):
            return await self._page(form, call)
        await self.binding.ask(call)
        return See(f"{_receipt(call)}/phone?sent=1")

    async def bind(self, form: Form, call: Call[bodies.CodeBody, None]) -> Answer:
        """Bound."""
        await self.binding.bind(call)
        return See(f"{_receipt(call)}?done=phone")

    async def again(self, form: Form, call: Call[Any, Any], refused: Refused) -> Page:
        """The form with what was typed, and what is wrong with it."""
        return await self._page(form, call, None if _only_looks(call) else refused)

    async def _page(self, form: Form, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        typed = call.params["receipt"]
        try:
            account = await self.status.of(call)
        except (NotFound, TooMany) as stopped:
            return codes.refused(typed, stopped)
        wrong, left = wrongs.told(refused), files.left(call, refused)
        values = {
            "account": account,
            "code": codes.spelt(typed),
            "done": bool(call.asked("done")),
            "sent": bool(call.asked("sent")) or form is CODE,
            "typed": call.fields,
            "wrong": wrong,
            "wrong_fields": {one.field: one for one in wrong},
            "key": repeats.key_again(call, refused) if refused else call.fields.one("key"),
            "limit": WORDS,
            "attachments": left.names,
            **files.values(self.taking, call, lost=left.lost),
        }
        return Page(f"{form.template}.html", values, refused=refused, headers=HIDDEN)


def _both(form: Form, show: Any, send: Any, again: Any) -> tuple[Endpoint, Endpoint]:
    address = f"{ADDRESS}/{form.place}"
    return (
        Endpoint(
            "GET", address, partial(show, form), f"{form.summary}: the form", PUBLIC,
            params={"receipt": str},
        ),
        Endpoint(
            "POST", address, partial(send, form), form.summary, PUBLIC, params={"receipt": str},
            body=form.body, form=True, again=partial(again, form), repeat="form",
            uploads=form.uploads,
        ),
    )  # fmt: skip


def _only_looks(call: Call[Any, Any]) -> bool:
    """Another language, or larger print: nothing is sent, and nothing typed is lost."""
    return bool(call.fields.one("switch"))


def _receipt(call: Call[Any, Any]) -> str:
    bare = receipts.normalise(call.params["receipt"])
    return f"/r/{receipts.grouped(bare)}" if bare else "/r"
