"""The API of one's own data."""

from dataclasses import dataclass
from functools import partial

from services.intake.follow.api import PRIVATE
from services.intake.privacy.asking import Asking
from services.intake.privacy.views import Answer, Overview, Wish
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Reply
from shared.web.texts import texts

PLACE = "/api/v1/receipts/{receipt}/data"


@dataclass(frozen=True)
class Api:
    """The handlers."""

    asking: Asking

    def endpoints(self) -> list[Endpoint]:
        """What lies here, and what may be asked of it."""
        row = partial(Endpoint, who=PUBLIC, params={"receipt": str})
        return [
            row("GET", PLACE, self.overview,
                "What is kept of a submission, and until when; nothing of its content",
                answers={200: Overview}),
            row("POST", PLACE, self.ask,
                "Ask for a copy, a correction or the deletion of one's data",
                body=Wish, answers={200: Answer}, repeat="header"),
        ]  # fmt: skip

    async def overview(self, call: Call[None, None]) -> Reply:
        """For whoever holds the receipt."""
        return Reply(await self.asking.overview(call), headers=PRIVATE)

    async def ask(self, call: Call[Wish, None]) -> Reply:
        """For whoever also knows what was written, or the phone."""
        note = texts(call.language).text("data_correction_note")
        answer = await self.asking.ask(call, call.body, call.repeat_key, note)
        return Reply(answer, headers=PRIVATE)
