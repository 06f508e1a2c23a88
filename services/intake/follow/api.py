"""The API of following: a receipt's account."""

from dataclasses import dataclass

from services.intake.accept.views import Proof
from services.intake.follow import views
from services.intake.follow.status import Status
from shared.web.endpoints import PUBLIC, Call, Endpoint, Reply

# The address is the secret: it must not reach another site.
PRIVATE = {"Referrer-Policy": "no-referrer"}


@dataclass(frozen=True)
class Api:
    """The handlers."""

    status: Status

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint(
                "GET", "/api/v1/receipts/{receipt}", self.receipt,
                "What became of a submission, with the signed statement that it was taken in",
                PUBLIC, params={"receipt": str}, answers={200: views.Account},
            ),
            Endpoint(
                "GET", "/api/v1/receipts/{receipt}/proof", self.proof,
                "The proof alone: what is stated, and the file to check it with", PUBLIC,
                params={"receipt": str}, answers={200: Proof},
            ),
        ]  # fmt: skip

    async def receipt(self, call: Call[None, None]) -> Reply:
        """In the caller's language, for whoever has the code."""
        account = await self.status.of(call.params["receipt"], call.language, call.remote)
        return Reply(account, headers=PRIVATE)

    async def proof(self, call: Call[None, None]) -> Reply:
        """The same file as the page has."""
        account = await self.status.of(call.params["receipt"], call.language, call.remote)
        return Reply(account.proof, headers=PRIVATE)
