"""Signing in and out, and who is behind a session's token."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from services.verification.signin import rules
from services.verification.signin.addresses import Addresses, Slowness
from services.verification.signin.attempts import LONGEST_PASSWORD, NOWHERE, Attempt, Caller
from services.verification.signin.guesses import Guesses
from services.verification.signin.line import KNOWN
from services.verification.signin.passwords import Passwords
from services.verification.signin.store import events, factors
from services.verification.signin.store import failures as failed
from services.verification.signin.store import sessions as kept
from services.verification.signin.store.sessions import Origin
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Refused, TooMany, Unauthenticated
from shared.observe import log
from shared.patience import within
from shared.values import clock, text
from shared.values.keystrokes import Keys

_SEEN_EVERY = timedelta(minutes=1)
_MOST_LATE = 256
# More than a page's own, since a hash takes its time on a busy machine, and less than five seconds.
PATIENCE = 4.5
REFUSED = "refused.sign_in"
MANY = "refused.sign_in_many"
ENDED = "refused.session_ended"


@dataclass(frozen=True)
class Session:
    """A session as the operator holds it; the token is told only once.

    While it `waits` for the second factor, or `renews` a given password, it opens nothing else.
    """

    token: str
    expires_at: datetime
    operator: Operator
    waits: bool = False
    renews: bool = False


@dataclass(frozen=True)
class SignedIn:
    """Who is behind a token: the operator, as of which version, and the session's public name."""

    operator: Operator
    version: int
    session: str
    confirmed_at: datetime
    keys: Keys


class SignIn:
    """Sessions in the database, so that every instance of the service knows them."""

    def __init__(self, database: Database, *, second_required: bool = False) -> None:
        """Where a second factor is required, who has none enrols one when they sign in."""
        self.database, self.passwords = database, Passwords()
        self._second_required = second_required
        self.guesses = Guesses(database)
        self._addresses, self._slowness = Addresses(database), Slowness()
        self._late = asyncio.Semaphore(_MOST_LATE)

    async def begin(self, typed: str, password: str, caller: Caller = NOWHERE) -> Session:
        """A new session. Unauthenticated, always with the same words and after the same work.

        TooMany or Unavailable before any work, for strangers only: a device that is known for the
        name has failures of its own, and goes first.
        """
        one = Attempt(text.username(typed), password, caller)
        return await within(PATIENCE, self._known(one)) or await self._strange(one)

    async def _known(self, one: Attempt) -> Session | None:
        """None where the device is a stranger, or has become one by its own failures."""
        if not one.caller.device or not one.fits:
            return None
        subject = f"{one.username} {one.caller.device}"
        with self.passwords.line.place(KNOWN):
            session: Session | None = None
            async with self.guesses.failing(subject) as free:
                if free:
                    session = await self._try(one, subject, KNOWN)
            return session

    async def _strange(self, one: Attempt) -> Session:
        address = one.caller.address
        try:
            # Who finds no place costs nobody anything, not even a question to the database.
            with self.passwords.line.place(address):
                return await within(PATIENCE, self._look(one, address))
        except Refused:
            await self._pause(self._slowness.lateness(address))
            raise

    async def _look(self, one: Attempt, address: str) -> Session:
        if rules.over(await self._addresses.count(address)):
            raise TooMany(MANY, rules.LEAK)
        if one.fits:
            async with self.guesses.failing(one.username) as free:
                session = await self._try(one, one.username if free else None, address)
        else:
            session = await self._try(one, None, address)
        await self._addresses.forgive(address)
        return session

    async def _pause(self, late: timedelta) -> None:
        # A pause costs next to nothing, and yet there is an end to how many stand around.
        if late and not self._late.locked():
            async with self._late:
                await asyncio.sleep(late.total_seconds())

    async def _try(self, one: Attempt, subject: str | None, whose: str) -> Session:
        """`subject` is whose failures a success forgets; None, and nothing opens."""
        async with self.database.acquire() as conn:
            stored = await kept.get_password_hash(conn, one.username) if subject else None
        password = one.password[:LONGEST_PASSWORD]
        right = await self.passwords.check(stored, password, whose)
        if subject is None or stored is None or not right:
            log.get().warning("sign-in refused", outcome="wrong" if subject else "locked")
            if subject:
                await self._tell_refused(one)
            raise Unauthenticated(REFUSED)
        renewed = await self.passwords.renewed(stored, password)
        return await self._open(one, subject, stored, renewed)

    async def _tell_refused(self, one: Attempt) -> None:
        """Without waiting for the disk, or the time it takes would say which names there are."""
        async with self.database.transaction() as conn:
            await conn.execute("SET LOCAL synchronous_commit TO off")
            await events.add(conn, one.username, "refused", one.caller)

    async def _open(self, one: Attempt, subject: str, stored: str, renewed: str | None) -> Session:
        username = one.username
        async with self.database.transaction() as conn:
            # Checking took a while: a password that was replaced meanwhile opens nothing.
            operator = await kept.claim_operator(conn, username, stored)
            if operator is None:
                raise Unauthenticated(REFUSED)
            until = await kept.given_until(conn, username)
            if until and until <= clock.now():
                raise Unauthenticated("refused.password_old")
            if renewed:
                await kept.renew_password_hash(conn, username, renewed)
            await failed.delete_failures(conn, subject)
            return await self._begin(conn, operator, one.caller, renews=until is not None)

    async def admit(self, typed: str, caller: Caller) -> Session:
        """For whom somebody else has vouched; a second factor is asked for all the same."""
        async with self.database.transaction() as conn:
            operator = await kept.get_active(conn, text.username(typed))
            if operator is None:
                raise Unauthenticated("refused.oidc_nobody")
            return await self._begin(conn, operator, caller)

    async def _begin(
        self, conn: Connection, operator: Operator, caller: Caller, *, renews: bool = False
    ) -> Session:
        token, now, username = secrets.token_urlsafe(32), clock.now(), operator.username
        waits = self._second_required or await factors.is_confirmed(conn, username)
        expires_at = now + (rules.SECOND_WAITS if waits else rules.SESSION_LIFETIME)
        origin = Origin(caller.shown_agent, caller.address, waits, renews)
        await kept.add_session(conn, hash_of(token), username, now, expires_at, origin)
        if not waits:
            await events.add(conn, username, "signed_in", caller)
        log.get().info("first factor accepted" if waits else "operator signed in")
        return Session(token, expires_at, operator, waits, renews)

    async def who(self, token: str) -> SignedIn:
        """Who is behind a token. Unauthenticated once it is old, idle or disabled."""
        now, token_hash = clock.now(), hash_of(token)
        async with self.database.acquire() as conn:
            found = await kept.get_session(conn, token_hash)
            if found is None or not rules.usable(found.created_at, found.seen_at, now):
                raise Unauthenticated(ENDED)
            if now - found.seen_at > _SEEN_EVERY:
                await kept.mark_seen(conn, token_hash, now)
        name = token_hash.hex()[:32]
        return SignedIn(found.operator, found.version, name, found.confirmed_at, found.keys)

    async def end(self, token: str, caller: Caller = NOWHERE) -> None:
        """Sign out; nothing happens if the session has ended already."""
        async with self.database.transaction() as conn:
            if username := await kept.delete_session(conn, hash_of(token)):
                await events.add(conn, username, "signed_out", caller)


def hash_of(token: str) -> bytes:
    """What is stored of a token; a random one of 256 bits needs no slow hash."""
    return sha256(token.encode()).digest()
