"""The desk's own door: sessions in the database, and the statement for the other services."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from services.verification.signin import rules
from services.verification.signin.attempts import Caller
from services.verification.signin.devices import Devices
from services.verification.signin.sessions import SignIn
from shared import statements
from shared.errors import Unauthenticated
from shared.values import text
from shared.web.endpoints import Call, Visitor
from shared.web.replies import Cookie
from shared.web.session import cookie_name, statement_cookie

SIGN_IN_PATH = "/desk/sign-in"
SECOND_PATH = "/desk/second"
CHOOSE_PATH = "/desk/new-password"
CONFIRM_PATH = "/desk/confirm"
RENEW_WHEN_LEFT = timedelta(seconds=30)


@dataclass(frozen=True)
class DeskDoor:
    """`secure` is False only on loopback without TLS, where browsers refuse `__Host-`."""

    sessions: SignIn
    seed: bytes
    secure: bool

    @property
    def cookie(self) -> str:
        """The session's cookie."""
        return cookie_name("mashang", secure=self.secure)

    @property
    def waiting(self) -> str:
        """The cookie of whoever still has to prove the second factor."""
        return cookie_name("mashang-second", secure=self.secure)

    async def by_bearer(self, token: str) -> Visitor:
        """A session's token."""
        found = await self.sessions.who(token)
        return Visitor(found.operator, found.version, found.session, found.confirmed_at, found.keys)

    async def by_cookie(self, cookies: Mapping[str, str]) -> Visitor:
        """The browser's session."""
        return await self.by_bearer(cookies.get(self.cookie, ""))

    def sign_in(self, address: str) -> str:
        """The sign-in page."""
        return f"{SIGN_IN_PATH}?" + urlencode({"next": address}, safe="/")

    async def renewed(self, visitor: Visitor, cookies: Mapping[str, str]) -> tuple[Cookie, ...]:
        """A fresh statement where the old one is missing, is another's, or has half run out."""
        if self._stands(cookies.get(statement_cookie(self.secure), ""), visitor):
            return ()
        return (self.statement(visitor),)

    def _stands(self, token: str, visitor: Visitor) -> bool:
        try:
            told = statements.check(token, statements.public_key(self.seed), RENEW_WHEN_LEFT)
        except Unauthenticated:
            return False
        now = visitor.session, visitor.version, visitor.confirmed_at, visitor.keys
        return (told.session, told.version, told.confirmed_at, told.keys) == now

    def statement(self, visitor: Visitor) -> Cookie:
        """What the other services believe for a minute."""
        token = statements.issue(
            visitor.operator, self.seed, version=visitor.version, session=visitor.session,
            confirmed_at=visitor.confirmed_at, keys=visitor.keys,
        )  # fmt: skip
        return Cookie(statement_cookie(self.secure), token, "Lax")

    @property
    def devices(self) -> Devices:
        """The browsers that are known."""
        return Devices(self.seed, self.secure)

    def caller(
        self, username: str, remote: str, cookies: Mapping[str, str], agent: str = ""
    ) -> Caller:
        """Where an attempt to sign in comes from."""
        device = self.devices.known(text.username(username), cookies)
        return Caller(rules.source(remote), device, agent)

    def origin(self, call: Call[Any, Any]) -> Caller:
        """Where somebody does something of whom it is known who they are."""
        return Caller(rules.source(call.remote), agent=call.agent)

    def opened(self, token: str) -> Cookie:
        """The session's cookie; it ends with the browser, and the session by itself."""
        return Cookie(self.cookie, token)

    def waits(self, token: str) -> Cookie:
        """The cookie between the password and the second factor."""
        return Cookie(self.waiting, token)

    def passed(self) -> Cookie:
        """That one removed."""
        return Cookie(self.waiting, None)

    def closed(self) -> tuple[Cookie, ...]:
        """Both cookies removed."""
        return (
            Cookie(self.cookie, None),
            Cookie(statement_cookie(self.secure), None, "Lax"),
        )
