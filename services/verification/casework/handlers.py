"""What verification does when it hears an event."""

from collections.abc import Sequence, Set
from uuid import UUID

from services.verification.casework.acts import holds, opening
from services.verification.casework.acts.desk import Desk
from services.verification.casework.store import actions, cases, erasures, papers
from services.verification.casework.store.actions import Action
from shared.bus.handling import Heard
from shared.db import Connection
from shared.errors import Reject
from shared.events import (
    AnswerRated,
    ContactBound,
    ContactErased,
    Event,
    FollowupReceived,
    MessageSettled,
    PhoneRefused,
    PressureReported,
    ScoreChanged,
    SubmissionAdded,
    SubmissionReceived,
    SubmissionWithdrawn,
)
from shared.keeping import keep
from shared.observe import log

# What a citizen does later: each changes a case that is there.
CHANGES = (
    SubmissionAdded, ContactBound, PhoneRefused, FollowupReceived, SubmissionWithdrawn,
    AnswerRated, PressureReported,
)  # fmt: skip


# What only counts: the newest of each is kept.
on_paper_changed = keep(papers.mark)


async def lock_first(conn: Connection, kinds: Set[type[Event]]) -> None:
    """The lock on cases comes before any row's, or two instances would stop one another."""
    if not kinds.isdisjoint(CHANGES):
        await cases.lock_all(conn, changes=True)
    elif not kinds.isdisjoint((MessageSettled, ScoreChanged)):
        await cases.lock_all(conn, changes=False)


async def on_submissions_received(
    desk: Desk, conn: Connection, heard: Sequence[Heard[SubmissionReceived]]
) -> None:
    """Open cases where the rules want one, or keep what is held until a person has looked at it."""
    await holds.keep(conn, desk, [one.event for one in heard if one.event.held])
    await opening.take_in(conn, desk, [one for one in heard if not one.event.held])


async def on_submission_added(desk: Desk, conn: Connection, event: SubmissionAdded) -> None:
    """To what it belongs to: a case, words of praise, or a submission that is held itself."""
    if not await holds.keep_addition(conn, event):
        await opening.take_addition(conn, desk, event)


async def on_contact_erased(conn: Connection, event: ContactErased) -> None:
    """Forget what is personal, once the case is closed (see `jobs`)."""
    await erasures.hear(conn, event.submission_id)
    log.get().info("erasure heard", submission_id=str(event.submission_id))


async def on_message_settled(conn: Connection, event: MessageSettled) -> None:
    """Note on the case whether the SMS arrived."""
    await _must_exist(conn, event.case_id)
    details = {"purpose": event.purpose, "outcome": event.outcome}
    action = Action(event.case_id, "message", "notifications", event.settled_at, details)
    await actions.add_action(conn, action)
    log.get().info("message noted", case_id=str(event.case_id), outcome=event.outcome)


async def on_score_changed(conn: Connection, event: ScoreChanged) -> None:
    """Note on the case what its verdict did to the unit's points."""
    await _must_exist(conn, event.case_id)
    details = {
        "reason": event.reason,
        "delta_centipoints": event.delta_centipoints,
        "balance_centipoints": event.balance_centipoints,
    }
    action = Action(event.case_id, "score", "scoring", event.changed_at, details)
    await actions.add_action(conn, action)
    log.get().info("score noted", case_id=str(event.case_id), unit_code=event.unit_code)


async def _must_exist(conn: Connection, case_id: UUID) -> None:
    # Case ids are made here, so one that we do not know will not turn up later.
    if not await actions.has_case(conn, case_id):
        raise Reject(f"no case {case_id}")
