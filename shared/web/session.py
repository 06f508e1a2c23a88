"""The browser of a signed-in operator, the same for the staff pages of all services.

Verification keeps the session (a random token in a cookie) and puts a short-lived statement beside
it, which the other services check without asking anybody. When the statement has run out, they send
the browser to the desk, which renews it and sends it back.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from aiohttp import hdrs, web

from shared import staff, statements
from shared.config import PublicKeys, Settings
from shared.db import Database
from shared.errors import Forbidden, Unauthenticated
from shared.statements import Statement
from shared.web.endpoints import Visitor
from shared.web.replies import Cookie

RENEW_PATH = "/desk/renew"
_USUAL_PORTS = {"http": ":80", "https": ":443"}


class Door(Protocol):
    """How a service knows who is calling. Both ways raise Unauthenticated."""

    async def by_bearer(self, token: str) -> Visitor:
        """A program's token."""
        ...

    async def by_cookie(self, cookies: Mapping[str, str]) -> Visitor:
        """A browser's cookies."""
        ...

    def sign_in(self, address: str) -> str:
        """Where a browser without a session goes, to come back to `address` afterwards."""
        ...

    async def renewed(self, visitor: Visitor, cookies: Mapping[str, str]) -> tuple[Cookie, ...]:
        """Cookies that should be set anew with this answer."""
        ...


def cookie_name(name: str, *, secure: bool) -> str:
    """`__Host-` pins a cookie to this host and TLS; without TLS browsers refuse it."""
    return f"__Host-{name}" if secure else name


def statement_cookie(secure: bool) -> str:
    """The statement's cookie. Lax: the desk's redirect back counts as coming from elsewhere."""
    return cookie_name("mashang-who", secure=secure)


@dataclass(frozen=True)
class StatementDoor:
    """Who is calling, for a service that keeps no sessions. `home` is its own base URL."""

    database: Database
    keys: Sequence[bytes]
    desk: str
    home: str
    secure: bool

    async def by_bearer(self, token: str) -> Visitor:
        """A statement as a bearer token."""
        return await self._visitor(statements.check_any(token, self.keys))

    async def by_cookie(self, cookies: Mapping[str, str]) -> Visitor:
        """The statement that the desk put into the browser."""
        token = cookies.get(statement_cookie(self.secure), "")
        return await self._visitor(statements.check_any(token, self.keys))

    async def _visitor(self, statement: Statement) -> Visitor:
        told = statement.operator
        async with self.database.acquire() as conn:
            known = await staff.get(conn, told.username)
        # The newer of the two counts: the event may be late, and so may the statement.
        if known and known.version >= statement.version:
            if not known.active:
                raise Unauthenticated("refused.session_ended")
            told = known.operator
        return Visitor(
            told, statement.version, statement.session, statement.confirmed_at, statement.keys
        )

    def sign_in(self, address: str) -> str:
        """The desk, which renews the statement or asks to sign in."""
        return f"{self.desk}{RENEW_PATH}?" + urlencode({"next": self.home + address})

    async def renewed(self, visitor: Visitor, cookies: Mapping[str, str]) -> tuple[Cookie, ...]:
        """Nothing: only the desk renews."""
        return ()


class StaffSettings(Settings):
    """What a service needs whose staff pages rely on the desk's sign-in.

    `identity_public` checks the desk's statements: one key, or several while one follows another.
    """

    identity_public: PublicKeys

    def door(self, service: str, database: Database) -> StatementDoor:
        """How this service knows who is calling."""
        desk, home = (self.staff_urls.get(name, "") for name in ("verification", service))
        return StatementDoor(database, self.identity_public, desk, home, self.secure_cookies)


def check_form_token(visitor: Visitor, given: str) -> None:
    """Forbidden unless the form carries its session's token."""
    if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise Forbidden("refused.form_too_old")


def check_origin(request: web.Request, *, secure: bool) -> None:
    """Forbidden unless the form was sent from our own page. Browsers always say where from.

    `secure` behind TLS, where this very host without TLS is a stranger.
    """
    scheme = "https" if secure else request.scheme
    origin = _plain(request.headers.get(hdrs.ORIGIN, ""))
    same = bool(request.host) and origin == _plain(f"{scheme}://{request.host}")
    if not same and request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise Forbidden("refused.form_from_elsewhere")


def _plain(origin: str) -> str:
    """Without the port that the scheme implies: browsers leave it out, some proxies do not."""
    scheme, mark, host = origin.lower().partition("://")
    return scheme + mark + host.removesuffix(_USUAL_PORTS.get(scheme, ""))
