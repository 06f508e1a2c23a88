"""What a submission becomes: its row, its event, and the facts that the receipt states."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake import NAME
from services.intake.abuse.gate import Gate
from services.intake.abuse.rules import Sender, Sent
from services.intake.accept import metrics, rules
from services.intake.accept.codes import UnitCode
from services.intake.accept.store.submissions import Row, Stored
from services.intake.accept.submission import Draft
from services.intake.proof.statements import statement
from shared.bus import outbox
from shared.events import HeldReason, SubmissionReceived
from shared.policy import Policy, promises
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


@dataclass(frozen=True)
class Maker:
    """Makes them of a draft that the rules let in."""

    keys: Keys
    gate: Gate

    def row(
        self,
        draft: Draft,
        unit: UnitCode,
        receipt_hash: bytes,
        content: bytes,
        policy: Policy,
        now: datetime,
        sender: Sender | None,
    ) -> Row:
        """All of it; what a `sender` sends too often is held."""
        event = self._event(draft, unit, uuid7(), policy, now)
        due = rules.due(draft, policy, now)
        if sender and (held := self._held(event, unit, sender, now)):
            # Nobody acts on it before it is released, so nothing is promised until then.
            event, due = event.model_copy(update={"held": held}), promises.NOTHING
        letter = outbox.letter(event, NAME)
        # Alone so far: the writer signs it with what is stored together with it.
        facts = Stored(
            event.submission_id, receipt_hash, content, draft.kind, unit.unit_code, unit.counter,
            now, self.keys.signer.public.key_id, event.phone_index, *due, b"", 0, 1, b"",
        )  # fmt: skip
        return Row(
            facts, statement(facts), draft.satisfaction, ",".join(draft.categories),
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

    def _event(
        self, draft: Draft, unit: UnitCode, submission_id: UUID, policy: Policy, now: datetime
    ) -> SubmissionReceived:
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
