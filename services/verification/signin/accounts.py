"""The pages of all accounts, for those who keep them and those who watch the keepers."""

from dataclasses import dataclass
from urllib.parse import urlencode

from services.verification.signin.door import DeskDoor
from services.verification.signin.store import accounts, events, factors, failures, sessions
from shared import access
from shared.db import Database
from shared.errors import Forbidden, NotFound
from shared.observe import log
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page, See

ADDRESS = access.WINGS["accounts"]
READERS, KEEPERS = staff(access.ACCOUNT_READERS), staff(access.ACCOUNT_KEEPERS)
_ONE = f"{ADDRESS}/{{username}}"
_PAGE = 50
_LONGEST = 64


@dataclass(frozen=True)
class AccountPages:
    """`/desk/accounts`, and what its keepers do to an account that is not their own."""

    database: Database
    door: DeskDoor

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        named = {"username": str}
        return [
            Endpoint("GET", ADDRESS, self.show, "Who may sign in, and who is", READERS),
            Endpoint("GET", _ONE, self.show_one, "One account", READERS, params=named),
            Endpoint(
                "POST", f"{_ONE}/factor", self.reset, "Take away the second factor", KEEPERS,
                params=named, form=True, csrf="token", confirm=True,
            ),
            Endpoint(
                "POST", f"{_ONE}/sessions", self.end, "Sign somebody out everywhere", KEEPERS,
                params=named, form=True, csrf="token", confirm=True,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """By username."""
        said = call.asked("q").strip()[:_LONGEST]
        async with self.database.acquire() as conn:
            found = await accounts.list_accounts(conn, call.asked("after"), said, _PAGE + 1)
            inspected = await accounts.inspected(conn)
        page = found[:_PAGE]
        further = _link(said, page[-1].username) if len(found) > _PAGE else None
        values = {"accounts": page, "said": said, "next_page": further, "inspected": inspected}
        return Page("accounts.html", {**values, **_told(call)})

    async def show_one(self, call: Call[None, None]) -> Page:
        """With what its keeper may do."""
        async with self.database.acquire() as conn:
            found = await accounts.get_account(conn, call.params["username"])
        if found is None:
            raise NotFound
        keeps = call.operator.role in access.ACCOUNT_KEEPERS
        may = keeps and found.username != call.operator.username
        return Page("account_kept.html", {**_told(call), "account": found, "may_change": may})

    async def reset(self, call: Call[None, None]) -> See:
        """They enrol another one at the next sign-in; whoever has the old one is out at once."""
        username, keeper = self._somebody_else(call), call.operator.username
        async with self.database.transaction() as conn:
            await factors.delete(conn, username)
            await sessions.delete_sessions_of(conn, username)
            await failures.delete_failures_of(conn, username)
            await events.add(conn, username, "factor_reset", self.door.origin(call), keeper)
        log.get().warning("second factor taken away")
        return See(f"{ADDRESS}/{username}")

    async def end(self, call: Call[None, None]) -> See:
        """All their sessions; the other services follow within a minute."""
        username, keeper = self._somebody_else(call), call.operator.username
        async with self.database.transaction() as conn:
            await sessions.delete_sessions_of(conn, username)
            await events.add(conn, username, "ended", self.door.origin(call), keeper)
        log.get().warning("signed out by an administrator")
        return See(f"{ADDRESS}/{username}")

    def _somebody_else(self, call: Call[None, None]) -> str:
        username: str = call.params["username"]
        if username == call.operator.username:
            raise Forbidden("refused.own_account")
        return username


def _told(call: Call[None, None]) -> dict[str, bool]:
    return {"may_watch": call.operator.role in access.LOG_READERS}


def _link(said: str, after: str) -> str:
    return f"{ADDRESS}?" + urlencode({"q": said, "after": after})
