"""What intake does with what it hears: it keeps the directory and writes each story's next line."""

from uuid import UUID

from services.intake.accept.store import units
from services.intake.follow import store as timeline
from services.intake.follow.story import Step
from shared.db import Connection
from shared.events import (
    CallbackLogged,
    CaseOpened,
    CaseVerified,
    MessageSettled,
    RewardDecided,
    RewardPaid,
    RewardReversed,
    UnitChanged,
)
from shared.observe import log


async def on_unit_changed(conn: Connection, event: UnitChanged) -> None:
    """Take over the unit; an older version than ours changes nothing."""
    if await units.put(conn, event):
        log.get().info("unit taken over", unit_code=event.unit_code, version=event.version)


async def on_case_opened(conn: Connection, event: CaseOpened) -> None:
    """The case and its due times."""
    due = {
        "callback_due_at": event.callback_due_at.isoformat(),
        "verification_due_at": event.verification_due_at.isoformat(),
    }
    if await timeline.add(conn, event.submission_id, "opened", event.case_id, event.opened_at, due):
        _told(event.submission_id, "opened")


async def on_callback_logged(conn: Connection, event: CallbackLogged) -> None:
    """One attempt to call."""
    details = {"number": event.attempt, "outcome": event.outcome, "state": event.state}
    key = f"{event.case_id}/{event.attempt}"
    if await timeline.add(conn, event.submission_id, "called", key, event.called_at, details):
        _told(event.submission_id, "called")


async def on_case_verified(conn: Connection, event: CaseVerified) -> None:
    """The verdict and, sealed, the answer; each revision is a line of its own."""
    details = {
        "number": event.revision,
        "verdict": event.verdict,
        "answer_sealed": event.answer_sealed,
    }
    key = f"{event.case_id}/{event.revision}"
    if await timeline.add(conn, event.submission_id, "verified", key, event.verified_at, details):
        _told(event.submission_id, "verified")


async def on_reward_decided(conn: Connection, event: RewardDecided) -> None:
    """Scheduled, held or refused."""
    details = {
        "number": event.version,
        "decision": event.decision,
        "amount_fen": event.amount_fen,
        "due_at": event.due_at.isoformat(),
    }
    key = f"{event.reward_id}/{event.version}"
    at = event.decided_at
    if await timeline.add(conn, event.submission_id, "reward_decided", key, at, details):
        _told(event.submission_id, "reward_decided")


async def on_reward_paid(conn: Connection, event: RewardPaid) -> None:
    """The airtime has arrived."""
    details = {"amount_fen": event.amount_fen}
    key = event.reward_id
    if await timeline.add(conn, event.submission_id, "reward_paid", key, event.paid_at, details):
        _told(event.submission_id, "reward_paid")


async def on_reward_reversed(conn: Connection, event: RewardReversed) -> None:
    """The provider took it back."""
    details = {"amount_fen": event.amount_fen}
    key, at = event.reward_id, event.reversed_at
    if await timeline.add(conn, event.submission_id, "reward_reversed", key, at, details):
        _told(event.submission_id, "reward_reversed")


async def on_message_settled(conn: Connection, event: MessageSettled) -> None:
    """An SMS arrived, or did not."""
    details = {"purpose": event.purpose, "outcome": event.outcome}
    key, at = f"{event.message_id}/{event.outcome}", event.settled_at
    if await timeline.add(conn, event.submission_id, "message", key, at, details):
        _told(event.submission_id, "message")


def _told(submission_id: UUID, step: Step) -> None:
    log.get().info("story continued", submission_id=str(submission_id), state=step)
