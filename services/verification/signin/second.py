"""Between the password and the session: the second factor, enrolled first where there is none."""

import secrets
from dataclasses import dataclass, field

from services.verification.signin import rules
from services.verification.signin.attempts import NOWHERE, Caller
from services.verification.signin.factors import Factors
from services.verification.signin.sessions import ENDED, Session, SignIn, hash_of
from services.verification.signin.store import events, factors
from services.verification.signin.store import failures as failed
from services.verification.signin.store import sessions as kept
from shared.db import Connection, Database
from shared.errors import Unauthenticated
from shared.observe import log
from shared.values import clock

WRONG_CODE = "refused.second_code"


@dataclass(frozen=True)
class Opened:
    """A session after its second factor; `codes` to recover by, where one was just enrolled."""

    session: Session
    codes: list[str] = field(repr=False)


@dataclass(frozen=True)
class Second:
    """Knows who waits by the token that signing in gave them."""

    database: Database
    sign_in: SignIn
    factors: Factors

    async def waiting(self, token: str) -> str:
        """Whose second factor is to come. Unauthenticated once that took too long."""
        async with self.database.acquire() as conn:
            found = await kept.get_waiting(conn, hash_of(token), clock.now())
        if found is None:
            raise Unauthenticated(ENDED)
        return found

    async def secret(self, token: str) -> str | None:
        """What whoever waits has to enrol first, if anything."""
        username = await self.waiting(token)
        async with self.database.transaction() as conn:
            return await self.factors.shown(conn, username)

    async def finish(self, waiting: str, typed: str, caller: Caller = NOWHERE) -> Opened:
        """The session, once the code is right. Unauthenticated; guesses are counted as such."""
        username = await self.waiting(waiting)
        subject = f"{username} code"
        async with self.sign_in.guesses.failing(subject) as free:
            if not free:
                raise Unauthenticated(WRONG_CODE)
            try:
                async with self.database.transaction() as conn:
                    opened = await self._open(conn, username, waiting, typed, caller)
                    await failed.delete_failures(conn, subject)
            except Unauthenticated as why:
                if why.key == WRONG_CODE:
                    await self._tell_refused(username, caller)
                raise
        log.get().info("operator signed in", outcome="second factor")
        return opened

    async def _tell_refused(self, username: str, caller: Caller) -> None:
        async with self.database.acquire() as conn:
            await events.add(conn, username, "code_refused", caller)

    async def _open(
        self, conn: Connection, username: str, waiting: str, typed: str, caller: Caller
    ) -> Opened:
        enrolled = await factors.is_confirmed(conn, username)
        if not await self.factors.prove(conn, username, typed, caller):
            raise Unauthenticated(WRONG_CODE)
        token, now = secrets.token_urlsafe(32), clock.now()
        expires_at = now + rules.SESSION_LIFETIME
        await kept.open_waiting(conn, hash_of(waiting), hash_of(token), now, expires_at)
        found = await kept.get_session(conn, hash_of(token))
        renews = found is None
        found = found or await kept.get_session(conn, hash_of(token), renews=True)
        if found is None:  # somebody was faster, or they were disabled
            raise Unauthenticated(ENDED)
        if not enrolled:
            await events.add(conn, username, "enrolled", caller)
        await events.add(conn, username, "signed_in", caller)
        codes = [] if enrolled else await self.factors.new_codes(conn, username)
        return Opened(Session(token, expires_at, found.operator, renews=renews), codes)
