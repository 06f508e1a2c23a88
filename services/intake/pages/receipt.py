"""The page behind a receipt code."""

from dataclasses import dataclass

from pydantic import BaseModel

from services.intake.accept import receipts
from services.intake.follow.api import PRIVATE
from services.intake.follow.status import Status
from services.intake.pages.notices import notice
from shared.errors import NotFound
from shared.web.endpoints import PUBLIC, Call, Endpoint, Page

# Nor may it reach a search engine.
HIDDEN = PRIVATE | {"X-Robots-Tag": "noindex, nofollow"}


class ReceiptQuery(BaseModel):
    """`new` is there right after sending."""

    new: str | None = None


@dataclass(frozen=True)
class ReceiptPage:
    """`/r/{receipt}`."""

    status: Status

    def endpoints(self) -> list[Endpoint]:
        """The one page."""
        return [
            Endpoint(
                "GET", "/r/{receipt}", self.show, "What became of a submission so far", PUBLIC,
                params={"receipt": str}, query=ReceiptQuery,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, ReceiptQuery]) -> Page:
        """The story so far; the code large, with a word on keeping it, when it is new."""
        typed = call.params["receipt"]
        try:
            account = await self.status.of(typed, call.language)
        except NotFound:
            return notice("unknown_receipt", 404, headers=HIDDEN)
        code = receipts.grouped(receipts.normalise(typed) or "")
        values = {"account": account, "code": code, "new": call.query.new is not None}
        return Page("receipt.html", values, headers=HIDDEN)
