"""One valid example of every event, for contract and integration tests."""

from datetime import UTC, datetime
from uuid import UUID

from shared import events
from shared.events import Event

AT = datetime(2026, 11, 23, 6, 47, tzinfo=UTC)
CASE = UUID("01930000-0000-7000-8000-000000000001")
SUBMISSION = UUID("01930000-0000-7000-8000-000000000002")
REWARD = UUID("01930000-0000-7000-8000-000000000003")
MESSAGE = UUID("01930000-0000-7000-8000-000000000004")
SEALED = "1.c2VhbGVk"
INDEX = "0" * 32

SAMPLES: tuple[Event, ...] = (
    events.UnitChanged(
        unit_code="411724006",
        name="正阳县公安局寒冻派出所户籍室",
        parent="正阳县",
        path=("411700", "411724", "411724006"),
        kind="household",
        counters=2,
        active=True,
        version=1,
    ),
    events.OfficerChanged(
        badge="170001",
        name="张三",
        unit_code="411724006",
        active=True,
        phone_index=INDEX,
        version=1,
    ),
    events.SubmissionReceived(
        submission_id=SUBMISSION,
        kind="complaint",
        unit_code="411724006",
        counter=1,
        satisfaction=1,
        categories=("nobody_at_window",),
        words_sealed=SEALED,
        phone_sealed=SEALED,
        phone_index=INDEX,
        officer_badge="170001",
        urgent=False,
        language="zh",
        received_at=AT,
    ),
    events.CaseOpened(
        case_id=CASE,
        submission_id=SUBMISSION,
        kind="complaint",
        unit_code="411724006",
        urgent=False,
        opened_at=AT,
        callback_due_at=AT,
        verification_due_at=AT,
    ),
    events.CallbackLogged(
        case_id=CASE,
        submission_id=SUBMISSION,
        unit_code="411724006",
        attempt=1,
        outcome="reached",
        state="reached",
        called_at=AT,
        due_at=AT,
    ),
    events.CaseVerified(
        case_id=CASE,
        submission_id=SUBMISSION,
        incident_id=CASE,
        revision=1,
        kind="complaint",
        unit_code="411724006",
        categories=("nobody_at_window",),
        verdict="substantiated",
        attribution="officers",
        officers=("170001",),
        answer_sealed=SEALED,
        phone_sealed=SEALED,
        phone_index=INDEX,
        language="zh",
        received_at=AT,
        verified_at=AT,
    ),
    events.IncidentChanged(
        case_id=CASE,
        incident_id=SUBMISSION,
        unit_code="411724006",
        received_at=AT,
        changed_at=AT,
        version=1,
    ),
    events.RewardDecided(
        reward_id=REWARD,
        case_id=CASE,
        submission_id=SUBMISSION,
        decision="scheduled",
        reason=None,
        amount_fen=2000,
        decided_at=AT,
        due_at=AT,
        version=1,
    ),
    events.RewardPaid(
        reward_id=REWARD,
        case_id=CASE,
        submission_id=SUBMISSION,
        amount_fen=2000,
        phone_sealed=SEALED,
        language="zh",
        paid_at=AT,
        due_at=AT,
    ),
    events.RewardReversed(
        reward_id=REWARD,
        case_id=CASE,
        submission_id=SUBMISSION,
        amount_fen=2000,
        reversed_at=AT,
    ),
    events.MessageSettled(
        message_id=MESSAGE,
        case_id=CASE,
        submission_id=SUBMISSION,
        purpose="thanks",
        outcome="delivered",
        settled_at=AT,
    ),
    events.ScoreChanged(
        entry_no=1,
        unit_code="411724006",
        case_id=CASE,
        revision=1,
        reason="assessment",
        delta_centipoints=-200,
        balance_centipoints=-200,
        changed_at=AT,
    ),
    events.OperatorChanged(
        username="zhengyang",
        name="王五",
        role="county_supervisor",
        scope="411724",
        badge=None,
        active=True,
        version=1,
    ),
    events.ClockChanged(
        case_id=CASE,
        submission_id=SUBMISSION,
        number=2,
        stopped_at=AT,
        due_at=AT,
        changed_at=AT,
    ),
)
