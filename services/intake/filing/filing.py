"""The way of what an operator takes in: accepted like any other, its receipt for the citizen alone.

The receipt follows from a key that nobody outside can know, so that whoever sent the form gets at
it by no other door either; it leaves as a sealed link for an SMS.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from services.intake.abuse.rules import Sender
from services.intake.accept.acceptance import PATIENCE, Acceptance
from services.intake.accept.store.submissions import Stored
from services.intake.filing import store
from services.intake.filing.typed import Said
from shared.bus.outbox import publish
from shared.db import Database
from shared.errors import KeyReused
from shared.events import ReceiptIssued
from shared.observe import log
from shared.patience import within
from shared.values import clock
from shared.values.seal import Seal
from shared.web.endpoints import Call

# So long may the SMS be on its way; so long after it was noted does somebody else send it.
LIFE, LEFT_AFTER = timedelta(days=3), timedelta(seconds=30)
# A form that was refused may be mended and sent again.
FORGOTTEN_AFTER = timedelta(days=1)
AT_ONCE = 50


@dataclass(frozen=True)
class Filing:
    """Takes it in. `base` is where links to receipts lead."""

    acceptance: Acceptance
    database: Database
    seal: Seal
    key: bytes
    base: str

    async def file(self, call: Call[None, None], said: Said) -> Stored:
        """Store it, and send its receipt; a second click changes nothing. As `accept` refuses."""
        key = self._key(call)
        receipt_hash = self.acceptance.receipt_hash(key)
        await within(PATIENCE, self._note(call, said, key, receipt_hash))
        try:
            receipt = await self.acceptance.accept(said.draft, key, self._sender(call))
        except KeyReused:
            raise KeyReused("refused.form_sent_already") from None
        await within(PATIENCE, self.issue(receipt_hash))
        return receipt.stored

    def _key(self, call: Call[None, None]) -> str:
        """One for each form of each operator."""
        repeat = call.repeat_key or secrets.token_urlsafe(24)
        owner = f"filing\n{call.operator.username}\n{repeat}"
        return f"filing:{hmac.digest(self.key, owner.encode(), 'sha256').hex()}"

    def _sender(self, call: Call[None, None]) -> Sender | None:
        """Many citizens call one office: it is the operator who is counted, not the network."""
        sender = self.acceptance.gate.sender(call)
        if sender is None:
            return None
        return replace(
            sender, address=self.seal.index(f"operator:{call.operator.username}"), device=None
        )

    async def _note(self, call: Call[None, None], said: Said, key: str, own: bytes) -> None:
        """Before anything is stored: then none is stored whose receipt nobody sends."""
        link = f"{self.base}/r/{self.acceptance.receipt_code(key)}"
        sealed = self.seal.close(link, _context(own))
        who, language = call.operator.username, said.draft.language
        async with self.database.transaction() as conn:
            await store.note(conn, own, who, said.way, language, sealed)

    async def issue(self, receipt_hash: bytes) -> None:
        """Send the receipt of what is stored, once, and record who filed it."""
        async with self.database.transaction() as conn:
            taken = await store.take(conn, receipt_hash)
            if taken is None or taken.phone_sealed is None:
                return
            own, now = taken.submission_id, clock.now()
            link = self.seal.open(taken.link_sealed, _context(receipt_hash))
            event = ReceiptIssued(
                submission_id=own,
                phone_sealed=taken.phone_sealed,
                link_sealed=self.seal.close(link, f"code:{own}"),
                language=taken.language,
                issued_at=now,
                expires_at=now + LIFE,
            )
            await publish(conn, event)
        log.get().info("filing taken in", submission_id=str(own))

    async def issue_left(self) -> int:
        """Finish what a process left when it died, and forget what was never taken in; how many."""
        async with self.database.transaction() as conn:
            left = await store.list_left(conn, LEFT_AFTER, AT_ONCE)
        for receipt_hash in left:
            await self.issue(receipt_hash)
        async with self.database.transaction() as conn:
            await store.forget(conn, FORGOTTEN_AFTER)
        return len(left)


def _context(receipt_hash: bytes) -> str:
    return f"code:{receipt_hash.hex()}"
