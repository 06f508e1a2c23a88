"""Signing in and out, and who is behind a session's token."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from services.verification.signin import rules, store
from services.verification.signin.passwords import Passwords
from shared.access import Operator
from shared.db import Database
from shared.errors import Unauthenticated
from shared.observe import log
from shared.values import clock, text

_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_PASSWORD = 1024
_LONGEST_USERNAME = 64
REFUSED = "refused.sign_in"
ENDED = "refused.session_ended"


@dataclass(frozen=True)
class Session:
    """A session as the operator holds it; the token is told only once."""

    token: str
    expires_at: datetime
    operator: Operator


@dataclass(frozen=True)
class SignedIn:
    """Who is behind a token: the operator, as of which version, and the session's public name."""

    operator: Operator
    version: int
    session: str


class SignIn:
    """Sessions in the database, so that every instance of the service knows them."""

    def __init__(self, database: Database) -> None:
        self._database, self._passwords = database, Passwords()

    async def begin(self, typed: str, password: str) -> Session:
        """A new session. Unauthenticated, always with the same words and after the same work."""
        username = text.username(typed)
        known = 0 < len(username) <= _LONGEST_USERNAME and len(password) <= _LONGEST_PASSWORD
        # Counted as a failure before the password is looked at: parallel guesses count too.
        free = known and await self._count_failure(username)
        async with self._database.acquire() as conn:
            stored = await store.get_password_hash(conn, username) if free else None
        right = await self._passwords.check(stored, password[:_LONGEST_PASSWORD])
        if stored is None or not right:
            log.get().warning("sign-in refused", outcome="wrong" if free else "locked")
            raise Unauthenticated(REFUSED)
        return await self._open(username, stored, await self._passwords.renewed(stored, password))

    async def _count_failure(self, username: str) -> bool:
        now = clock.now()
        async with self._database.transaction() as conn:
            found = await store.claim_failures(conn, username, now)
            if rules.locked(found.failures, found.locked_until, now):
                return False
            failures = rules.failures_now(found.failures, found.failed_at, now) + 1
            until = now + rules.lock_for(failures)
            await store.mark_failed(conn, username, failures, now, until)
        return True

    async def _open(self, username: str, stored: str, renewed: str | None) -> Session:
        token, now = secrets.token_urlsafe(32), clock.now()
        expires_at = now + rules.SESSION_LIFETIME
        async with self._database.transaction() as conn:
            # Checking took a while: a password that was replaced meanwhile opens nothing.
            if await store.claim_password_hash(conn, username) != stored:
                raise Unauthenticated(REFUSED)
            if renewed:
                await store.renew_password_hash(conn, username, renewed)
            await store.delete_failures(conn, username)
            await store.add_session(conn, hash_of(token), username, now, expires_at)
            found = await store.get_session(conn, hash_of(token))
            if found is None:
                raise Unauthenticated(REFUSED)
        log.get().info("operator signed in")
        return Session(token, expires_at, found.operator)

    async def who(self, token: str) -> SignedIn:
        """Who is behind a token. Unauthenticated once it is old, idle or disabled."""
        now, token_hash = clock.now(), hash_of(token)
        async with self._database.acquire() as conn:
            found = await store.get_session(conn, token_hash)
            if found is None or not rules.usable(found.created_at, found.seen_at, now):
                raise Unauthenticated(ENDED)
            if now - found.seen_at > _SEEN_EVERY:
                await store.mark_seen(conn, token_hash, now)
        return SignedIn(found.operator, found.version, token_hash.hex()[:32])

    async def end(self, token: str) -> None:
        """Sign out; nothing happens if the session has ended already."""
        async with self._database.transaction() as conn:
            await store.delete_session(conn, hash_of(token))


def hash_of(token: str) -> bytes:
    """What is stored of a token; a random one of 256 bits needs no slow hash."""
    return sha256(token.encode()).digest()
