"""The way of a submission from the citizen's words to the signed receipt."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake import NAME
from services.intake.abuse.gate import Gate
from services.intake.abuse.rules import Sender, Sent
from services.intake.accept import codes, metrics, receipts, rules
from services.intake.accept.closed import Closed
from services.intake.accept.codes import OldCode, UnitCode, WrongCode
from services.intake.accept.store import attachments, invitations, submissions
from services.intake.accept.store.submissions import Row, Stored
from services.intake.accept.submission import Draft
from services.intake.accept.writer import Writer
from services.intake.proof.notes import Signer
from services.intake.proof.statements import statement
from shared.bus import outbox
from shared.db import Database
from shared.errors import Gone, Invalid, KeyReused, Refused, Wrong
from shared.events import HeldReason, SubmissionReceived
from shared.observe import log
from shared.patience import within
from shared.policy import Policies, promises
from shared.values import clock
from shared.values.seal import Seal

# Looked up once: they are on the fast path.
_log, _counted = log.get(), cache(metrics.SUBMISSIONS.labels)
PATIENCE = 3.0
_FURTHER = {
    "occurred_at", "matter", "officer_typed_sealed", "call_time", "call_language", "consent",
    "channel", "held",
}  # fmt: skip


@dataclass(frozen=True)
class Receipt:
    """What the citizen gets; `fresh` is False when a repeat got the receipt of the first time."""

    code: str
    stored: Stored
    statement: str
    fresh: bool


@dataclass(frozen=True)
class Keys:
    """The secrets that intake alone holds, and the seal with the purposes that it has keys for."""

    codes: dict[str, bytes]
    receipt: bytes
    signer: Signer
    seal: Seal
    retired: dict[str, bytes] = field(default_factory=dict)


class Acceptance:
    """Takes submissions in."""

    def __init__(
        self,
        keys: Keys,
        policies: Policies,
        writer: Writer,
        closed: Closed,
        database: Database,
        gate: Gate,
    ) -> None:
        self._keys, self._policies, self._writer = keys, policies, writer
        self._closed, self._db, self.gate = closed, database, gate
        # As many as there are windows; only genuine codes stay, an exception is not kept.
        read = partial(codes.read, keys.codes, retired=keys.retired)
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
        return codes.sign(self._keys.codes, unit_code, counter)

    def receipt_code(self, key: str) -> str:
        """The receipt that an idempotency key leads to."""
        return receipts.code_of(self._keys.receipt, key)

    def receipt_hash(self, key: str) -> bytes:
        """What is stored of that receipt; photos that come before it are noted under it."""
        return receipts.hash_of(self.receipt_code(key).replace("-", ""))

    async def accept(self, draft: Draft, key: str, sender: Sender | None = None) -> Receipt:
        """Store a submission and give its receipt, or the one it got before under this key.

        What comes too often from a `sender` is held for a person to look at, and gets its receipt.
        Invalid, Gone (the window is closed), KeyReused, Unavailable.
        """
        unit, code, now = self.unit_of(draft.code), self.receipt_code(key), clock.now()
        draft, unit = _placed(draft, unit)
        bare = code.replace("-", "")
        content = receipts.content_hash(
            bare, receipts.content_of(draft, unit.unit_code, unit.counter)
        )
        receipt_hash = receipts.hash_of(bare)
        if refusal := self._refusal(draft, unit, now):
            # What was taken in yesterday stays so, though today's rules would refuse it.
            return await self._earlier(code, receipt_hash, content, refusal)
        if unit.invitation:
            await within(PATIENCE, self._claim(unit, receipt_hash))
        if draft.attachments:
            await within(PATIENCE, self._check(draft, receipt_hash))
        row = self._row(draft, unit, receipt_hash, content, now, sender)
        written = await self._writer.write(row)
        if written.fresh:
            return _told(Receipt(code, written.stored, row.statement, fresh=True))
        return _repeated(code, written.stored, content)

    async def _check(self, draft: Draft, receipt_hash: bytes) -> None:
        """Photos and recordings are those that came under the same key."""
        async with self._db.acquire() as conn:
            came = await attachments.list_of(conn, receipt_hash)
        if not set(draft.attachments) <= {one.name for one in came if one.erased_at is None}:
            raise Invalid(Wrong("attachments", "wrong.attachments_unknown"))

    def _refusal(self, draft: Draft, unit: UnitCode, now: datetime) -> Refused | None:
        if wrong := rules.wrong(draft, self._policies.at(now), now):
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

    async def _earlier(
        self, code: str, receipt_hash: bytes, content: bytes, refusal: Refused
    ) -> Receipt:
        stored = await within(PATIENCE, self._stored(receipt_hash))
        if stored is None:
            raise refusal
        return _repeated(code, stored, content)

    async def _stored(self, receipt_hash: bytes) -> Stored | None:
        async with self._db.acquire() as conn:
            return await submissions.get_by_receipt(conn, receipt_hash)

    def _row(
        self,
        draft: Draft,
        unit: UnitCode,
        receipt_hash: bytes,
        content: bytes,
        now: datetime,
        sender: Sender | None,
    ) -> Row:
        event = self._event(draft, unit, uuid7(), now)
        due = rules.due(draft, self._policies.at(now), now)
        if sender and (held := self._held(event, unit, sender, now)):
            # Nobody acts on it before it is released, so nothing is promised until then.
            event, due = event.model_copy(update={"held": held}), promises.NOTHING
        letter = outbox.letter(event, NAME)
        # Alone so far: the writer signs it with what is stored together with it.
        facts = Stored(
            event.submission_id, receipt_hash, content, draft.kind, unit.unit_code, unit.counter,
            now, self._keys.signer.public.key_id, event.phone_index, *due, b"", 0, 1, b"",
        )  # fmt: skip
        return Row(
            facts, statement(facts), draft.satisfaction, ",".join(draft.categories),
            event.words_sealed, event.phone_sealed, draft.officer_badge, event.urgent,
            draft.language, _details(event), letter.event_id, letter.type, letter.body,
        )  # fmt: skip

    def _held(
        self, event: SubmissionReceived, unit: UnitCode, sender: Sender, now: datetime
    ) -> HeldReason | None:
        sent = Sent.of(event, unit.code, unit.kiosk, unit.officer)
        if held := self.gate.hold(sent, sender, now):
            metrics.HELD.labels(held).inc()
        return held

    def _event(
        self, draft: Draft, unit: UnitCode, submission_id: UUID, now: datetime
    ) -> SubmissionReceived:
        seal, policy = self._keys.seal, self._policies.at(now)
        words, phone = draft.words, draft.phone
        further: dict[str, Any] = draft.further
        if further:
            further["consent"] = rules.consent(draft, policy, now)
            if draft.occurred_at:
                further["occurred_at"] = draft.occurred_at.astimezone(UTC)
            if typed := further.pop("officer_typed", None):
                further["officer_typed_sealed"] = seal.close(
                    typed, f"words:{submission_id}:officer"
                )
        return SubmissionReceived(
            submission_id=submission_id,
            kind=draft.kind,
            unit_code=unit.unit_code,
            counter=unit.counter,
            satisfaction=draft.satisfaction,
            categories=draft.categories,
            words_sealed=seal.close(words, f"words:{submission_id}") if words else None,
            phone_sealed=seal.close(phone, f"phone:{submission_id}") if phone else None,
            phone_index=seal.index(phone) if phone else None,
            officer_badge=draft.officer_badge,
            urgent=rules.urgent(draft, policy),
            language=draft.language,
            received_at=now,
            reasons=policy.reasons(draft.categories, draft.satisfaction),
            **further,
        )


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


def _details(event: SubmissionReceived) -> str | None:
    """What few submissions say, as it is stored: one column, mostly empty."""
    if event.model_fields_set.isdisjoint(_FURTHER):
        return None
    return event.model_dump_json(include=_FURTHER, exclude_none=True)


def _repeated(code: str, stored: Stored, content: bytes) -> Receipt:
    if stored.content_hash != content:
        _counted(stored.kind, "key_reused").inc()
        raise KeyReused()
    return _told(Receipt(code, stored, statement(stored), fresh=False))


def _told(receipt: Receipt) -> Receipt:
    stored = receipt.stored
    outcome = "received" if receipt.fresh else "repeated"
    _counted(stored.kind, outcome).inc()
    _log.info(f"submission {outcome}", submission_id=str(stored.id), unit_code=stored.unit_code)
    return receipt
