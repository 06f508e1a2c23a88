"""Citizens' phones: those that no vendor tops up are found before payment; what is owed nothing is
forgotten.

The vendors' own look-ups decide, as a number may have been ported anywhere. They are asked about a
phone that was bound, and about that of a reward which waits for a person; any other is looked up
before its order, a second after the verdict (`fitting`). So no vendor learns a number that earned
nothing and that nobody bound to be paid at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.rewards.catalogue import Catalogue
from services.rewards.rules import numbers
from services.rewards.rules.numbers import Belongs, Refusal
from services.rewards.store import erasures, phones, rewards
from services.rewards.store.phones import Check
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.events import ContactBound, PhoneRefused
from shared.observe import log, spans
from shared.values.seal import Seal, SealBroken
from shared.vendors.errand import each
from shared.vendors.outcomes import Held, Rejected, TryLater, Unknown

AT_ONCE, ERASED_AT_ONCE = 10, 200
# What nobody could tell until then, the order will.
MOST_LOOKS = 10


async def refuse(
    conn: Connection, submission_id: UUID, phone_index: str, code: str, now: datetime
) -> None:
    """Say once that another phone is needed."""
    if await phones.refuse(conn, submission_id, phone_index, code, now):
        event = PhoneRefused(
            submission_id=submission_id, phone_index=phone_index, refused_at=now
        )  # fmt: skip
        await publish(conn, event)
        log.get().info("phone refused", submission_id=str(submission_id), code=code)


async def refuse_again(conn: Connection, event: ContactBound) -> bool:
    """Say it again where a refused phone was bound once more; False where this one is not."""
    if not await phones.is_refused(conn, event.submission_id, event.phone_index):
        return False
    await publish(conn, PhoneRefused.of(event, refused_at=await rewards.get_now(conn)))
    return True


async def erase(database: Database) -> int:
    """Forget the phones that are to be forgotten and by which nothing is owed; how many."""
    async with database.transaction() as conn:
        return await erasures.erase(conn, ERASED_AT_ONCE)


@dataclass(frozen=True)
class PhoneChecks:
    """The look-ups, at the vendors of new orders: only what all of them refuse is refused.

    A number of a network for which one sells nothing is refused by it.
    """

    database: Database
    catalogues: Sequence[Catalogue]
    seal: Seal
    lease: timedelta

    async def check(self) -> int:
        """How many phones were asked about."""
        async with self.database.transaction() as conn:
            due = await phones.claim(conn, self.lease * len(self.catalogues), AT_ONCE)
        await each(due, self._check)
        return len(due)

    async def _check(self, check: Check) -> None:
        with spans.entering("look a phone up", check.traceparent):
            word = await self._ask(check)
            async with self.database.transaction() as conn:
                await self._settle(conn, check, word)

    async def _settle(self, conn: Connection, check: Check, word: Refusal | None) -> None:
        if isinstance(word, TryLater | Held) and check.asked < MOST_LOOKS:
            await phones.put_off(conn, check, numbers.pause([word], check.asked))
        elif await phones.remove(conn, check) and isinstance(word, Rejected):
            now = await rewards.get_now(conn)
            await refuse(conn, check.submission_id, check.phone_index, word.code, now)

    async def _ask(self, check: Check) -> Refusal | None:
        try:
            number = self.seal.open(check.phone_sealed, f"phone:{check.submission_id}")
        except SealBroken:
            return Unknown("phone_unreadable")  # the sending will say so
        refused = list[Refusal]()
        for catalogue in self.catalogues:
            word = await catalogue.ask_about(number)
            said = catalogue.judge(word, catalogue.offers) if isinstance(word, Belongs) else word
            if not isinstance(said, Rejected):
                return said if isinstance(said, Refusal) else None
            refused.append(said)
        return numbers.against(refused)
