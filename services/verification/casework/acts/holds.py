"""Held submissions: kept until somebody above the unit says whether they count."""

from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.acts import opening, recusals
from services.verification.casework.acts.desk import Desk
from services.verification.casework.bulk_bodies import HoldBody
from services.verification.casework.rules import holds as rules
from services.verification.casework.rules.holds import Hold
from services.verification.casework.store import holds
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection, as_itself
from shared.errors import Conflict, Invalid, Wrong
from shared.events import HeldReason, SubmissionAdded, SubmissionReceived
from shared.observe import log
from shared.values import clock

# A decision about thousands is taken in several goes, each with its own transaction.
AT_ONCE = 200


class HoldsEnded(BaseModel):
    """How many were decided, and how many of those that were meant are left."""

    done: int
    left: int


async def keep(conn: Connection, desk: Desk, event: SubmissionReceived, reason: HeldReason) -> None:
    """It opens nothing until it is released; whom it may be about does not see it either."""
    policy = desk.policies.at(event.received_at)
    serious = policy.is_serious(event.categories)
    case = await recusals.examine(conn, desk, opening.opened(desk, event), serious=serious)
    if await holds.add_hold(conn, rules.begin(event, reason, policy), case.recused):
        log.get().info("submission held", submission_id=str(event.submission_id), reason=reason)


async def keep_addition(conn: Connection, event: SubmissionAdded) -> bool:
    """What is added to a held submission waits with it; False if it is not held."""
    return await holds.add_addition(conn, event)


async def decide(conn: Connection, desk: Desk, operator: Operator, body: HoldBody) -> HoldsEnded:
    """Release held submissions or set them aside, for a reason that is kept."""
    if not body.reason.strip():
        raise Invalid(Wrong("reason", "reason_needed"))
    meant = await _meant(conn, body)
    chosen = [hold for hold in meant if rules.may_end(hold, body.outcome)]
    if not chosen:
        raise Conflict("refused.hold_ended") if meant else Invalid(Wrong("ids", "holds_needed"))
    await _end(conn, desk, operator, body, chosen)
    left = 0
    if body.everything:
        left = await holds.count_holds(conn, "held", body.unit, body.held)
    log.get().info("holds ended", outcome=body.outcome, count=len(chosen))
    return HoldsEnded(done=len(chosen), left=left)


async def _meant(conn: Connection, body: HoldBody) -> list[Hold]:
    if body.everything:
        return await holds.claim_matching(conn, "held", body.unit, body.held, AT_ONCE)
    return await holds.claim_holds(conn, body.ids)


async def _end(
    conn: Connection, desk: Desk, operator: Operator, body: HoldBody, chosen: list[Hold]
) -> None:
    now, reason = clock.now(), body.reason.strip()
    done = [rules.ended(hold, body.outcome, now) for hold in chosen]
    sealed = [desk.seal.close(reason, _context(one.submission_id)) for one in done]
    await holds.end_holds(conn, done, operator.username, sealed, now)
    async with as_itself(conn, operator):
        for event in done:
            await publish(conn, event)
        for hold in chosen if body.outcome == "released" else ():
            await opening.take_in(conn, desk, hold.submission, now)
            for added in hold.additions:
                await opening.take_addition(conn, desk, added)


def _context(submission_id: UUID) -> str:
    return f"note:{submission_id}"
