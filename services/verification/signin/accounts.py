"""The page of all accounts, for those who keep them and those who watch the keepers."""

from dataclasses import dataclass
from urllib.parse import urlencode

from services.verification.signin.store import accounts
from shared import access
from shared.db import Database
from shared.web.endpoints import Call, Endpoint, Page, staff

ADDRESS = access.WINGS["accounts"]
READERS = staff(access.ACCOUNT_READERS)
_PAGE = 50
_LONGEST = 64


@dataclass(frozen=True)
class AccountPages:
    """`/desk/accounts`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [Endpoint("GET", ADDRESS, self.show, "Who may sign in, and who is", READERS)]

    async def show(self, call: Call[None, None]) -> Page:
        """By username."""
        said = call.asked("q").strip()[:_LONGEST]
        async with self.database.acquire() as conn:
            found = await accounts.list_accounts(conn, call.asked("after"), said, _PAGE + 1)
        page = found[:_PAGE]
        further = _link(said, page[-1].username) if len(found) > _PAGE else None
        return Page("accounts.html", {"accounts": page, "said": said, "next_page": further})


def _link(said: str, after: str) -> str:
    return f"{ADDRESS}?" + urlencode({"q": said, "after": after})
