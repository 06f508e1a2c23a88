"""The page behind a receipt code, and the field for those who have it on paper."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from services.intake.accept import receipts
from services.intake.follow.status import Status
from services.intake.pages import codes
from services.intake.pages.notices import HIDDEN, find
from services.intake.pages.saying import DONE
from shared.errors import NotFound, Refused, TooMany, Wrong
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, See
from shared.web.texts import text

ASK = "/r"


class ReceiptQuery(BaseModel):
    """`new` is there right after sending, `done` after the citizen has said something."""

    new: str | None = None
    done: str | None = None


@dataclass(frozen=True)
class ReceiptPage:
    """`/r` and `/r/{receipt}`."""

    status: Status
    public_url: str

    def endpoints(self) -> list[Endpoint]:
        """The field, where it leads, and the page."""
        return [
            Endpoint("GET", ASK, self.ask, "A field for a receipt code", PUBLIC),
            Endpoint(
                "POST", ASK, self.look, "To the receipt that was typed", PUBLIC, form=True,
                again=self.again, limit=8 * 1024,
            ),
            Endpoint(
                "GET", "/r/{receipt}", self.show, "What became of a submission so far", PUBLIC,
                params={"receipt": str}, query=ReceiptQuery,
            ),
        ]  # fmt: skip

    async def ask(self, call: Call[None, None]) -> Page | See:
        """The empty field; a code that was put into the address already leads on."""
        return await self.look(call) if call.asked("code") else find("find")

    async def look(self, call: Call[None, None]) -> Page | See:
        """To the receipt, however its code was typed or pasted; the field again if it is none."""
        typed = call.fields.one("code") or call.asked("code")
        if bare := receipts.normalise(typed):
            return See(f"/r/{receipts.grouped(bare)}")
        return find("find", 422, typed, Wrong("code", "wrong.receipt"))

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The field with what was typed."""
        wrong = Wrong("code", refused.key, **refused.values)
        return find("find", int(refused.status), call.fields.one("code"), wrong)

    async def show(self, call: Call[None, ReceiptQuery]) -> Page:
        """The story so far; the code large, with a word on keeping it, when it is new."""
        typed = call.params["receipt"]
        try:
            account = await self.status.of(call)
        except (NotFound, TooMany) as refused:
            return codes.refused(typed, refused)
        code = codes.spelt(typed)
        values = {
            "account": account,
            "code": code,
            "new": call.query.new is not None,
            "to_oneself": codes.to_oneself(
                text(call.language, "code_message", code=code, url=f"{self.public_url}/r/{code}")
            ),
            "done": call.query.done if call.query.done in DONE else "",
            "wrong_fields": {},
        }
        known = self.status.finding.browsers.remember(call, code)
        return Page("receipt.html", values, headers=HIDDEN, cookies=known)
