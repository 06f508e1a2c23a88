"""What submissions become: their rows, their events, and the facts that their receipts state.

Each step is done for a whole batch: in a loop it costs a fraction of what it costs in the middle of
a request, where nothing of it is in the processor's caches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake import NAME
from services.intake.abuse.gate import Gate
from services.intake.abuse.rules import Sender, Sent
from services.intake.accept import metrics, receipts, rules
from services.intake.accept.codes import UnitCode
from services.intake.accept.store.submissions import Row, Stored
from services.intake.accept.submission import Draft
from services.intake.proof.statements import statement
from shared.bus import outbox
from shared.bus.publishing import Letter
from shared.events import HeldReason, SubmissionReceived
from shared.policy import Policy, promises
from shared.policy.promises import Due
from shared.values.notes import Signer
from shared.values.seal import Seal

_FURTHER = {
    "occurred_at", "matter", "officer_typed_sealed", "call_time", "call_language", "consent",
    "channel", "held",
}  # fmt: skip


@dataclass(frozen=True)
class Keys:
    """The secrets that intake alone holds, and the seal with the purposes that it has keys for."""

    codes: dict[str, bytes]
    receipt: bytes
    signer: Signer
    seal: Seal
    retired: dict[str, bytes] = field(default_factory=dict)


class Taken(NamedTuple):
    """A draft that the rules let in, under its repeat key; what a `sender` sends may be held."""

    draft: Draft
    unit: UnitCode
    key: str
    policy: Policy
    now: datetime
    sender: Sender | None
    traceparent: str


class Named(NamedTuple):
    """The receipt's code, what is stored of it, and the commitment to what was sent."""

    code: str
    receipt_hash: bytes
    content: bytes


@dataclass(frozen=True)
class Maker:
    """Makes them of drafts that the rules let in."""

    keys: Keys
    gate: Gate

    def code(self, key: str) -> str:
        """The receipt that an idempotency key leads to."""
        return receipts.code_of(self.keys.receipt, key)

    def named(self, draft: Draft, unit: UnitCode, key: str) -> Named:
        """What a repetition is known by."""
        code = self.code(key)
        bare = code.replace("-", "")
        content = receipts.content_of(draft, unit.unit_code, unit.counter)
        return Named(code, receipts.hash_of(bare), receipts.content_hash(bare, content))

    def rows(self, batch: Sequence[Taken]) -> list[Row]:
        """All of a batch, in its order; what a `sender` sends too often is held."""
        named = [self.named(one.draft, one.unit, one.key) for one in batch]
        events = [self._event(one, uuid7()) for one in batch]
        judged = [self._judged(one, event) for one, event in zip(batch, events, strict=True)]
        letters = [
            outbox.letter(event, NAME, one.traceparent)
            for one, (event, _) in zip(batch, judged, strict=True)
        ]
        return [self._row(*parts) for parts in zip(batch, named, judged, letters, strict=True)]

    def _judged(self, one: Taken, event: SubmissionReceived) -> tuple[SubmissionReceived, Due]:
        """With what is promised; nobody acts on what is held, so until then nothing is."""
        if one.sender and (held := self._held(event, one.unit, one.sender, one.now)):
            return event.model_copy(update={"held": held}), promises.NOTHING
        return event, rules.due(one.draft, one.policy, one.now)

    def _row(
        self, one: Taken, named: Named, judged: tuple[SubmissionReceived, Due], letter: Letter
    ) -> Row:
        draft, unit, (event, due) = one.draft, one.unit, judged
        # Alone so far: the writer signs it with what is stored together with it.
        facts = Stored(
            event.submission_id, named.receipt_hash, named.content, draft.kind, unit.unit_code,
            unit.counter, one.now, self.keys.signer.public.key_id, event.phone_index, *due,
            b"", 0, 1, b"",
        )  # fmt: skip
        return Row(
            facts, named.code, statement(facts), "", draft.satisfaction, ",".join(draft.categories),
            event.words_sealed, event.phone_sealed, draft.officer_badge, event.urgent,
            draft.language, _details(event), letter.event_id, letter.type, letter.body,
        )  # fmt: skip

    def _held(
        self, event: SubmissionReceived, unit: UnitCode, sender: Sender, now: datetime
    ) -> HeldReason | None:
        sent = Sent.of(event, unit.code, unit.kiosk, unit.officer, unit.invitation)
        if held := self.gate.hold(sent, sender, now):
            metrics.HELD.labels(held).inc()
        return held

    def _event(self, one: Taken, submission_id: UUID) -> SubmissionReceived:
        draft, unit, policy, now = one.draft, one.unit, one.policy, one.now
        seal, words, phone = self.keys.seal, draft.words, draft.phone
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


def _details(event: SubmissionReceived) -> str | None:
    """What few submissions say, as it is stored: one column, mostly empty."""
    if event.model_fields_set.isdisjoint(_FURTHER):
        return None
    return event.model_dump_json(include=_FURTHER, exclude_none=True)
