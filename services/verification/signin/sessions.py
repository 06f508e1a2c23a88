"""Signing in and out, and who is behind a session's token."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from services.verification.directory.rules import cells
from services.verification.directory.store import operators
from services.verification.signin import rules as sign_in
from services.verification.signin import store as sessions
from services.verification.signin.passwords import Passwords
from shared.access import Operator
from shared.db import Database
from shared.errors import Unauthenticated
from shared.observe import log
from shared.values import clock, text

_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_PASSWORD = 1024
REFUSED = (
    "Username or password is wrong, or this name is locked for a while after several failures."
)
ENDED = "The session has ended; sign in again."


@dataclass(frozen=True)
class Session:
    """A session as the operator holds it; the token is told only once."""

    token: str
    expires_at: datetime
    operator: Operator


class SignIn:
    """Sessions in the database, so that every instance of the service knows them."""

    def __init__(self, database: Database) -> None:
        self._database, self._passwords = database, Passwords()

    async def begin(self, typed: str, password: str) -> Session:
        """A new session. Unauthenticated, always with the same words and after the same work."""
        username = text.username(typed)
        known = cells.is_username(username) and len(password) <= _LONGEST_PASSWORD
        # Counted as a failure before the password is looked at: parallel guesses count too.
        free = known and await self._count_failure(username)
        async with self._database.acquire() as conn:
            stored = await operators.get_password_hash(conn, username) if free else None
        right = await self._passwords.check(stored, password[:_LONGEST_PASSWORD])
        if not right:
            log.get().warning("sign-in refused", outcome="wrong" if free else "locked")
            raise Unauthenticated(REFUSED)
        return await self._open(username)

    async def _count_failure(self, username: str) -> bool:
        now = clock.now()
        async with self._database.transaction() as conn:
            found = await sessions.claim_failures(conn, username, now)
            if sign_in.locked(found.failures, found.locked_until, now):
                return False
            failures = sign_in.failures_now(found.failures, found.failed_at, now) + 1
            until = now + sign_in.lock_for(failures)
            await sessions.mark_failed(conn, username, failures, now, until)
        return True

    async def _open(self, username: str) -> Session:
        token, now = secrets.token_urlsafe(32), clock.now()
        expires_at = now + sign_in.SESSION_LIFETIME
        async with self._database.transaction() as conn:
            operator = await operators.get_operator(conn, username)
            if operator is None or not operator.active:
                raise Unauthenticated(REFUSED)
            await sessions.delete_failures(conn, username)
            await sessions.add_session(conn, _hash(token), username, now, expires_at)
        log.get().info("operator signed in")
        return Session(token, expires_at, operator.identity)

    async def who(self, token: str) -> Operator:
        """The operator behind a token. Unauthenticated once it is old, idle or disabled."""
        now = clock.now()
        async with self._database.acquire() as conn:
            found = await sessions.get_session(conn, _hash(token))
            if found is None or not sign_in.usable(found.created_at, found.seen_at, now):
                raise Unauthenticated(ENDED)
            if now - found.seen_at > _SEEN_EVERY:
                await sessions.mark_seen(conn, _hash(token), now)
        return found.operator.identity

    async def end(self, token: str) -> None:
        """Sign out; nothing happens if the session has ended already."""
        async with self._database.transaction() as conn:
            await sessions.delete_session(conn, _hash(token))


def _hash(token: str) -> bytes:
    # A random token of 256 bits needs no slow hash.
    return sha256(token.encode()).digest()
