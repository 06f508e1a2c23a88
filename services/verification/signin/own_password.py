"""What somebody does with their own password once they are in."""

from contextlib import suppress

from services.verification.signin import rules
from services.verification.signin.attempts import LONGEST_PASSWORD, Caller
from services.verification.signin.passwords import TooShort
from services.verification.signin.sessions import ENDED, REFUSED, SignIn, hash_of
from services.verification.signin.store import events
from services.verification.signin.store import failures as failed
from services.verification.signin.store import sessions as kept
from shared.access import Operator
from shared.errors import Invalid, Unauthenticated, Wrong
from shared.observe import log
from shared.values import clock


class OwnPassword:
    """Proven, changed, or chosen in place of a given one."""

    def __init__(self, sessions: SignIn) -> None:
        """With the line for hashes and the counted failures of those who sign in."""
        self._database, self._passwords = sessions.database, sessions.passwords
        self._guesses = sessions.guesses

    async def renewing(self, token: str) -> Operator:
        """Who has still to choose a password. Unauthenticated if nobody, or not any more."""
        async with self._database.acquire() as conn:
            found = await kept.get_session(conn, hash_of(token), renews=True)
        if found is None or not rules.usable(found.created_at, found.seen_at, clock.now()):
            raise Unauthenticated(ENDED)
        return found.operator

    async def choose(self, token: str, new: str, caller: Caller) -> Operator:
        """In place of the one that was given. Invalid if it is that one again, or will not do."""
        operator = await self.renewing(token)
        username = operator.username
        async with self._database.acquire() as conn:
            given = await kept.get_password_hash(conn, username)
        if await self._passwords.check(given, new):
            raise Invalid(Wrong("new", "password_same"))
        renewed = await self._hash(new)
        async with self._database.transaction() as conn:
            # Another may have been given meanwhile, and then this session is no more.
            if given is None or await kept.claim_operator(conn, username, given) is None:
                raise Unauthenticated(ENDED)
            await kept.choose_password_hash(conn, username, renewed)
            await events.add(conn, username, "password_changed", caller)
        log.get().info("given password replaced")
        return operator

    async def _hash(self, new: str) -> str:
        try:
            return await self._passwords.hash(new)
        except TooShort:
            raise Invalid(Wrong("new", "password_short", n=rules.SHORTEST_PASSWORD)) from None

    async def confirm(self, username: str, token: str, password: str, caller: Caller) -> None:
        """The person at the screen is still who signed in. Invalid if the password is not right."""
        right = await self._proves(username, password)
        async with self._database.transaction() as conn:
            told: events.Kind = "confirmed" if right else "confirm_refused"
            await events.add(conn, username, told, caller)
            if right:
                await kept.mark_confirmed(conn, hash_of(token), clock.now())
        if not right:
            raise Invalid(Wrong("password", "password_wrong"))

    async def change(self, username: str, old: str, new: str, caller: Caller) -> None:
        """Invalid if the old one is not right, or the new one will not do; done twice is done."""
        renewed = await self._hash(new)
        if old == new:
            raise Invalid(Wrong("new", "password_same"))
        if not await self._proves(username, old):
            if await self._proves(username, new):
                return  # the same form, sent twice
            raise Invalid(Wrong("old", "password_wrong"))
        async with self._database.transaction() as conn:
            await kept.choose_password_hash(conn, username, renewed)
            await events.add(conn, username, "password_changed", caller)
        log.get().info("password changed")

    async def _proves(self, username: str, password: str) -> bool:
        """Wrong ones are counted, and after some of them the right one is wrong for a while."""
        subject = f"{username} again"
        with suppress(Unauthenticated):
            async with self._guesses.failing(subject) as free:
                async with self._database.acquire() as conn:
                    stored = await kept.get_password_hash(conn, username) if free else None
                if not await self._passwords.check(stored, password[:LONGEST_PASSWORD]):
                    raise Unauthenticated(REFUSED)
                async with self._database.acquire() as conn:
                    await failed.delete_failures(conn, subject)
                return True
        return False
