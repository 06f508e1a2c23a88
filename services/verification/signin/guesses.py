"""How often what was typed was wrong, and what that locks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from services.verification.signin import rules
from services.verification.signin.store import failures as failed
from shared import faults
from shared.db import Database
from shared.errors import Unauthenticated
from shared.values import clock


@dataclass(frozen=True)
class Guesses:
    """Counts failures by subject: a name, or a name and a device that is known for it."""

    database: Database

    @asynccontextmanager
    async def failing(self, subject: str) -> AsyncIterator[bool]:
        """Whether the subject may try, which counts as a failure until it succeeds.

        It is counted before the password is looked at: parallel guesses count too. What nobody had
        the time to look at is nobody's failure, and taken back.
        """
        counting = asyncio.ensure_future(self._count(subject))
        try:
            yield await asyncio.shield(counting)
        except Unauthenticated:
            raise
        except BaseException:
            with suppress(*faults.PASSING):
                if await counting:
                    await self._forgive(subject)
            raise

    async def _forgive(self, subject: str) -> None:
        async with self.database.acquire() as conn:
            await failed.forgive_failure(conn, subject)

    async def _count(self, subject: str) -> bool:
        now = clock.now()
        async with self.database.transaction() as conn:
            found = await failed.claim_failures(conn, subject, now)
            if rules.locked(found.failures, found.locked_until, now):
                return False
            failures = rules.failures_now(found.failures, found.failed_at, now) + 1
            until = now + rules.lock_for(failures)
            await failed.mark_failed(conn, subject, failures, now, until)
        return True
