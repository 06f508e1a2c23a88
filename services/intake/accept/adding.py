"""The way of what is added afterwards: to the very submission, once, and told to the others."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake.accept import receipts, rules
from services.intake.accept.addition import Addition
from services.intake.accept.finding import Finding
from services.intake.accept.store import additions, attachments, submissions
from services.intake.accept.store.additions import Added
from services.intake.accept.store.submissions import Rated
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.errors import Conflict, Invalid, KeyReused, Wrong
from shared.events import SubmissionAdded
from shared.observe import log
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal
from shared.web.endpoints import Call

MOST = 20
Why = Literal["thanks", "open"]


@dataclass(frozen=True)
class Adding:
    """Takes additions in. The key of a receipt code keeps them apart, as that of submissions."""

    database: Database
    policies: Policies
    seal: Seal
    receipt_key: bytes
    finding: Finding

    def key_hash(self, key: str) -> bytes:
        """What is stored of a key; photos that come before their addition are noted under it."""
        return receipts.hash_of(self._code(key))

    async def submission(self, call: Call[Any, Any]) -> Rated:
        """What the call's receipt is for. NotFound, TooMany."""
        async with self.database.acquire() as conn:
            found = await self.finding.find(conn, call)
            return await submissions.get_rated(conn, found.receipt_hash)

    async def stored(self, receipt_hash: bytes) -> Rated:
        """What is stored under a receipt that we made ourselves. NotFound."""
        async with self.database.acquire() as conn:
            return await submissions.get_rated(conn, receipt_hash)

    async def add(self, call: Call[Any, Any], addition: Addition, key: str, why: Why) -> Added:
        """Add it to what the call's receipt is for. NotFound, TooMany, and as `add_to`."""
        return await self.add_to(await self.submission(call), addition, key, why)

    async def add_to(self, rated: Rated, addition: Addition, key: str, why: Why) -> Added:
        """Add it, or give what was added before under this key.

        Invalid, KeyReused, Conflict (so many that nobody reads them).
        """
        content = receipts.content_hash(self._code(key), addition.content)
        key_hash = self.key_hash(key)
        async with self.database.transaction() as conn:
            await additions.take_turn(conn, rated.id)
            if found := await additions.get_by_key(conn, key_hash):
                return _repeated(found, content)
            if addition.attachments:
                await _check_attached(conn, rated, addition, key_hash)
            now, number = clock.now(), await additions.count(conn, rated.id) + 1
            event = self._event(rated, addition, now, number, why)
            await publish(conn, event)
            added = await additions.add(conn, event, key_hash, content)
        log.get().info("submission added to", submission_id=str(rated.id), count=number)
        return added

    def _code(self, key: str) -> str:
        return receipts.code_of(self.receipt_key, f"addition\n{key}").replace("-", "")

    def _event(
        self, rated: Rated, addition: Addition, now: datetime, number: int, why: Why
    ) -> SubmissionAdded:
        policy, own = self.policies.at(now), uuid7()
        if wrong := rules.wrong_addition(addition, rated.kind, rated.satisfaction, policy):
            raise Invalid(*wrong)
        if number > MOST:
            raise Conflict("refused.added_enough")
        return SubmissionAdded(
            addition_id=own,
            submission_id=rated.id,
            number=number,
            unit_code=rated.unit_code,
            kind=rated.kind,
            satisfaction=rated.satisfaction,
            categories=addition.categories,
            reasons=policy.reasons(addition.categories, rated.satisfaction),
            words_sealed=self._sealed(addition.words, own),
            officer_badge=addition.officer_badge,
            officer_typed_sealed=self._sealed(addition.officer_typed, own, ":officer"),
            attachments=addition.attachments,
            added_at=now,
            why=why,
        )

    def _sealed(self, clear: str | None, own: UUID, what: str = "") -> str | None:
        return self.seal.close(clear, f"words:{own}{what}") if clear else None


async def _check_attached(
    conn: Connection, rated: Rated, addition: Addition, key_hash: bytes
) -> None:
    """Photos are those that came under the same key, and with those of before not too many."""
    if not await attachments.are_there(conn, key_hash, addition.attachments):
        raise Invalid(Wrong("attachments", "wrong.attachments_unknown"))
    before = await attachments.list_of_submission(conn, rated.id)
    if wrong := rules.too_many((one.name for one in before), addition.attachments):
        raise Invalid(*wrong)


def _repeated(found: Added, content: bytes) -> Added:
    if found.content_hash != content:
        raise KeyReused()
    return found
