"""A receipt's proof for people: explained, as a file, on paper; and the keys to check it with."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import orjson

from services.intake.accept.views import Proof
from services.intake.follow.status import Status
from services.intake.follow.views import Account
from services.intake.pages import codes
from services.intake.pages.notices import HIDDEN
from services.intake.proof.keyring import Keyring
from shared.errors import NotFound, TooMany
from shared.values import clock, lots
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, Text

KEYS = "/receipt-keys"


@dataclass(frozen=True)
class ProofPages:
    """`/r/{receipt}/proof`, its file and its paper, and `/receipt-keys`."""

    status: Status
    keyring: Keyring
    public_url: str

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        row = partial(Endpoint, "GET", who=PUBLIC, params={"receipt": str})
        return [
            row("/r/{receipt}/proof", self.explain,
                "What the receipt proves and what not, in plain words"),
            row("/r/{receipt}/proof.txt", self.file,
                "The proof as a file (C2SP tlog-proof), to keep and to check"),
            row("/r/{receipt}/paper", self.paper, "The receipt's code to print"),
            Endpoint(
                "GET", KEYS, self.keys,
                "The public keys of receipts, a line each as C2SP signed-note writes them", PUBLIC,
            ),
        ]  # fmt: skip

    async def explain(self, call: Call[None, None]) -> Page:
        """For people who never heard of signatures."""
        return await self._page("proof.html", call)

    async def paper(self, call: Call[None, None]) -> Page:
        """Whoever finds it learns nothing of what was said."""
        return await self._page("paper.html", call)

    async def file(self, call: Call[None, None]) -> Text | Page:
        """The proof to download, named after unit and day."""
        found = await self._account(call)
        if isinstance(found, Page):
            return found
        name = file_name(found)
        headers = HIDDEN | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Text(found.proof.file, headers=headers)

    async def keys(self, _: Call[None, None]) -> Text:
        """Also those that sign no more."""
        return Text("".join(f"{key}\n" for key in await self.keyring.all()))

    async def _page(self, template: str, call: Call[None, None]) -> Page:
        found = await self._account(call)
        if isinstance(found, Page):
            return found
        values = {
            "account": found,
            "code": codes.spelt(call.params["receipt"]),
            "promised": promised(found.proof),
            "public_url": self.public_url,
            "keys_url": f"{self.public_url}{KEYS}",
            "file_name": file_name(found),
            "number": lots.number_of(_stated_id(found.proof)),
        }
        return Page(template, values, headers=HIDDEN)

    async def _account(self, call: Call[None, None]) -> Account | Page:
        try:
            return await self.status.of(call)
        except (NotFound, TooMany) as refused:
            return codes.refused(call.params["receipt"], refused)


def file_name(account: Account) -> str:
    """`mashang-411724006-2026-07-02.txt`: nothing of the citizen is in it."""
    return f"mashang-{account.unit.code}-{clock.service_day(account.received_at)}.txt"


def promised(proof: Proof) -> dict[str, datetime]:
    """The times that the receipt promises."""
    stated = orjson.loads(proof.statement)
    due = {name: stated.get(f"{name}_due_at") for name in ("callback", "verification")}
    return {name: datetime.fromisoformat(at) for name, at in due.items() if at}


def _stated_id(proof: Proof) -> UUID:
    return UUID(orjson.loads(proof.statement)["submission_id"])
