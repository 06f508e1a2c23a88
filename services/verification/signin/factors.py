"""Proving a second factor, enrolling one, and taking one away."""

from dataclasses import dataclass

from services.verification.signin import totp
from services.verification.signin.attempts import NOWHERE, Caller
from services.verification.signin.store import events, factors
from services.verification.signin.store.factors import Factor
from shared.db import Connection
from shared.errors import Invalid, Wrong
from shared.observe import log
from shared.values import clock
from shared.values.seal import Seal


@dataclass(frozen=True)
class Factors:
    """All of them work in the caller's transaction."""

    seal: Seal

    async def shown(self, conn: Connection, username: str) -> str | None:
        """The secret to enrol, the same until it is used; None where there is a factor already."""
        factor = await self._claim(conn, username)
        return None if factor.confirmed_at else self._secret(username, factor)

    async def prove(
        self, conn: Connection, username: str, typed: str, caller: Caller = NOWHERE
    ) -> bool:
        """Whether the code is the app's, and not used before; or a recovery code."""
        factor = await self._claim(conn, username)
        now = clock.now()
        step = totp.step(self._secret(username, factor), typed, now, factor.last_step)
        if step is not None:
            await factors.mark_used(conn, username, step, now)
            return True
        used = await factors.use_code(conn, username, totp.hash_of(typed))
        if used:
            log.get().warning("recovery code used")
            await events.add(conn, username, "recovered", caller)
        return used

    async def enrol(
        self, conn: Connection, username: str, typed: str, caller: Caller = NOWHERE
    ) -> None:
        """The first code of a new factor. Invalid if it is not right."""
        if not await self.prove(conn, username, typed, caller):
            raise Invalid(Wrong("code", "refused.second_code"))
        await events.add(conn, username, "enrolled", caller)
        log.get().info("second factor enrolled")

    async def new_codes(self, conn: Connection, username: str) -> list[str]:
        """Recovery codes, which are told only now."""
        codes = totp.recovery_codes()
        await factors.replace_codes(conn, username, [totp.hash_of(one) for one in codes])
        return codes

    async def _claim(self, conn: Connection, username: str) -> Factor:
        sealed = self.seal.close(totp.new_secret(), f"factor:{username}")
        return await factors.claim(conn, username, sealed)

    def _secret(self, username: str, factor: Factor) -> str:
        return self.seal.open(factor.secret_sealed, f"factor:{username}")
