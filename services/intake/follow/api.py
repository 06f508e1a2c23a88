"""The API of following: a receipt's account, and what citizens say back."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel

from services.intake.accept.views import Proof
from services.intake.follow import bodies, views
from services.intake.follow.answering import Answering, Do
from services.intake.follow.binding import Binding
from services.intake.follow.status import Status
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Reply

# The address is the secret: it must not reach another site.
PRIVATE = {"Referrer-Policy": "no-referrer"}
ADDRESS = "/api/v1/receipts/{receipt}"
# A follow-up of 2,000 characters with each of them escaped (`\ud83d\ude00`) is 24 kB.
LIMIT = 32 * 1024


@dataclass(frozen=True)
class Api:
    """The handlers."""

    status: Status
    answering: Answering
    binding: Binding

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        say = self.answering
        return [
            Endpoint(
                "GET", ADDRESS, self.receipt,
                "What became of a submission, with the signed statement that it was taken in",
                PUBLIC, params={"receipt": str}, answers={200: views.Account},
            ),
            Endpoint(
                "GET", f"{ADDRESS}/proof", self.proof,
                "The proof alone: what is stated, and the file to check it with", PUBLIC,
                params={"receipt": str}, answers={200: Proof},
            ),
            _post("ratings", partial(self.note, say.rate), bodies.RatingBody,
                  "Say whether it is solved, and whether the handling satisfies; may be changed"),
            _post("followups", partial(self.note, say.follow_up), bodies.FollowupBody,
                  "Do not accept the answer: the level above looks again"),
            _post("withdrawals", partial(self.note, say.withdraw), bodies.WithdrawalBody,
                  "Withdraw, or take that back; nothing is deleted"),
            _post("reports", partial(self.note, say.report), bodies.PressureBody,
                  "Report that somebody presses for a change, to the level above the unit alone"),
            _post("phone-codes", self.ask, bodies.PhoneBody,
                  "Have a one-time code sent to a phone", views.CodeSent),
            _post("phone", self.bind, bodies.CodeBody,
                  "Bind the phone to which the code went", views.Bound),
        ]  # fmt: skip

    async def receipt(self, call: Call[None, None]) -> Reply:
        """In the caller's language, for whoever has the code."""
        account = await self.status.of(call)
        return Reply(account, headers=PRIVATE)

    async def proof(self, call: Call[None, None]) -> Reply:
        """The same file as the page has."""
        account = await self.status.of(call)
        return Reply(account.proof, headers=PRIVATE)

    async def note(self, do: Do[Any, views.Noted], call: Call[Any, None]) -> Reply:
        """Stored."""
        return Reply(await self.answering.act(call, views.Noted, do), 201, PRIVATE)

    async def ask(self, call: Call[bodies.PhoneBody, None]) -> Reply:
        """On its way, or not: the answer is the same."""
        return Reply(await self.binding.ask(call), 201, PRIVATE)

    async def bind(self, call: Call[bodies.CodeBody, None]) -> Reply:
        """Bound."""
        return Reply(await self.binding.bind(call), 201, PRIVATE)


def _post(
    name: str,
    handler: Any,
    body: type[BaseModel],
    summary: str,
    answer: type[BaseModel] = views.Noted,
) -> Endpoint:
    return Endpoint(
        "POST", f"{ADDRESS}/{name}", handler, summary, PUBLIC, params={"receipt": str}, body=body,
        answers={201: answer}, repeat="header", limit=LIMIT,
    )  # fmt: skip
