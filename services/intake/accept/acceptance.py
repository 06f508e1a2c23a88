"""The way of a submission from the citizen's words to the signed receipt."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache, partial

from services.intake.abuse.rules import Sender
from services.intake.accept import codes, receipts, rules
from services.intake.accept.closed import Closed
from services.intake.accept.codes import OldCode, UnitCode, WrongCode
from services.intake.accept.making import Maker, Named, Taken
from services.intake.accept.metrics import ACCEPT_SECONDS
from services.intake.accept.store import attachments, invitations, submissions
from services.intake.accept.store.submissions import Stored
from services.intake.accept.submission import Draft
from services.intake.accept.writer import Writer, tell
from services.intake.proof.statements import statement
from shared.db import Database
from shared.errors import Gone, Invalid, KeyReused, Refused, Wrong
from shared.observe import metrics, trace
from shared.patience import within
from shared.policy import Policies, Policy
from shared.values import clock

PATIENCE = 3.0
_seconds = cache(ACCEPT_SECONDS.labels)


@dataclass(frozen=True)
class Receipt:
    """What the citizen gets; `fresh` is False when a repeat got the receipt of the first time.

    `file` is there where it was made just now, with its batch.
    """

    code: str
    stored: Stored
    statement: str
    fresh: bool
    file: str | None = None


class Acceptance:
    """Takes submissions in."""

    def __init__(
        self,
        maker: Maker,
        policies: Policies,
        writer: Writer[Taken],
        closed: Closed,
        database: Database,
    ) -> None:
        self._maker, self._policies, self._writer = maker, policies, writer
        self._closed, self._db, self.gate = closed, database, maker.gate
        # As many as there are windows; only genuine codes stay, an exception is not kept.
        read = partial(codes.read, maker.keys.codes, retired=maker.keys.retired)
        self._read = lru_cache(4096)(read)

    def unit_of(self, code: str) -> UnitCode:
        """What a scanned code says. Invalid if it is not genuine, Gone if its key was retired."""
        try:
            return self._read(code)
        except OldCode:
            raise Gone("refused.code_retired") from None
        except WrongCode:
            raise Invalid(Wrong("code", "wrong.code")) from None

    def code_of(self, unit_code: str, counter: int | None) -> str:
        """The code of a window, as it would be printed today."""
        return codes.sign(self._maker.keys.codes, unit_code, counter)

    def receipt_code(self, key: str) -> str:
        """The receipt that an idempotency key leads to."""
        return self._maker.code(key)

    def receipt_hash(self, key: str) -> bytes:
        """What is stored of that receipt; photos that come before it are noted under it."""
        return receipts.hash_of(self.receipt_code(key).replace("-", ""))

    def policy_of(self, stored: Stored) -> Policy:
        """By which a submission is judged."""
        return self._policies.at(stored.received_at)

    async def accept(self, draft: Draft, key: str, sender: Sender | None = None) -> Receipt:
        """Store a submission and give its receipt, or the one it got before under this key.

        What comes too often from a `sender` is held for a person to look at, and gets its receipt.
        Invalid, Gone (the window is closed), KeyReused, Unavailable.
        """
        began = time.perf_counter()
        try:
            receipt = await self._accept(draft, key, sender)
        except Exception as error:
            ended = metrics.ended(error.status if isinstance(error, Refused) else 500)
            _seconds(ended).observe(time.perf_counter() - began)
            raise
        _seconds("ok").observe(time.perf_counter() - began)
        return receipt

    async def _accept(self, draft: Draft, key: str, sender: Sender | None) -> Receipt:
        now = clock.now()
        draft, unit = _placed(draft, self.unit_of(draft.code))
        policy = self._policies.at(now)
        if refusal := self._refusal(draft, unit, policy, now):
            # What was taken in yesterday stays so, though today's rules would refuse it.
            return await self._earlier(self._maker.named(draft, unit, key), refusal)
        if unit.invitation:
            await within(PATIENCE, self._claim(unit, self.receipt_hash(key)))
        if draft.attachments:
            await within(PATIENCE, self._check(draft, self.receipt_hash(key)))
        taken = Taken(draft, unit, key, policy, now, sender, trace.current())
        stored, own, fresh = await self._writer.write(taken)
        if fresh:
            # Read back after a silence, it may have been signed with other neighbours.
            file = own.file if stored is own.facts else None
            return Receipt(own.code, stored, own.statement, fresh=True, file=file)
        return _repeated(own.code, stored, own.facts.content_hash)

    async def _check(self, draft: Draft, receipt_hash: bytes) -> None:
        """Photos and recordings are those that came under the same key."""
        async with self._db.acquire() as conn:
            there = await attachments.are_there(conn, receipt_hash, draft.attachments)
        if not there:
            raise Invalid(Wrong("attachments", "wrong.attachments_unknown"))

    def _refusal(
        self, draft: Draft, unit: UnitCode, policy: Policy, now: datetime
    ) -> Refused | None:
        if wrong := rules.wrong(draft, policy, now):
            return Invalid(*wrong)
        if unit.unit_code in self._closed:
            return Gone("refused.window_closed")
        return None

    async def _claim(self, unit: UnitCode, receipt_hash: bytes) -> None:
        """An invitation is for one submission. Gone if another was made with it.

        Who holds only the invitation is never led to what was said with it.
        """
        async with self._db.transaction() as conn:
            if not await invitations.claim(conn, unit.code, receipt_hash):
                raise Gone("refused.invitation_used")

    async def _earlier(self, named: Named, refusal: Refused) -> Receipt:
        stored = await within(PATIENCE, self._stored(named.receipt_hash))
        if stored is None:
            raise refusal
        return _repeated(named.code, stored, named.content)

    async def _stored(self, receipt_hash: bytes) -> Stored | None:
        async with self._db.acquire() as conn:
            return await submissions.get_by_receipt(conn, receipt_hash)


def _placed(draft: Draft, unit: UnitCode) -> tuple[Draft, UnitCode]:
    """What the code says goes before what was chosen: counter and kiosk; an officer does not."""
    if draft.counter and unit.counter is None:
        unit = replace(unit, counter=draft.counter)
    if unit.officer and not draft.officer_badge:
        draft = draft.model_copy(update={"officer_badge": unit.officer})
    if unit.kiosk and draft.channel != "kiosk":
        draft = draft.model_copy(update={"channel": "kiosk"})
    if unit.invitation:
        draft = draft.model_copy(update={"channel": "invited"})
    return draft, unit


def _repeated(code: str, stored: Stored, content: bytes) -> Receipt:
    if stored.content_hash != content:
        tell("key_reused", [stored])
        raise KeyReused()
    tell("repeated", [stored])
    return Receipt(code, stored, statement(stored), fresh=False)
