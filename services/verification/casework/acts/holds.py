"""Held submissions: kept until somebody above the unit says whether they count."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.acts import opening, recusals
from services.verification.casework.acts.desk import Desk
from services.verification.casework.bulk_bodies import HoldBody
from services.verification.casework.rules import holds as rules
from services.verification.casework.rules.holds import Hold
from services.verification.casework.store import holds
from shared.access import Operator
from shared.bus.handling import Heard
from shared.bus.outbox import publish
from shared.db import Connection, as_itself
from shared.errors import Conflict, Invalid, Wrong
from shared.events import SubmissionAdded, SubmissionReceived
from shared.observe import log
from shared.values import clock

# A decision about thousands is taken in several goes, each with its own transaction.
AT_ONCE = 200


class HoldsEnded(BaseModel):
    """How many were decided, and how many of those that were meant are left."""

    done: int
    left: int


async def keep(conn: Connection, desk: Desk, held: Sequence[SubmissionReceived]) -> None:
    """They open nothing until they are released; whom one may be about does not see it either."""
    would_be = [opening.opened(desk, event) for event in held]
    examined = await recusals.examine_new(conn, desk, would_be)
    begun = [
        rules.begin(event, event.held, desk.policies.at(event.received_at))
        for event in held
        if event.held
    ]
    recused = [case.recused for case in examined]
    kept = await holds.add_holds(conn, list(zip(begun, recused, strict=True)))
    if kept:
        log.get().info("submissions held", count=len(kept), submission_ids=list(map(str, kept)))


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
        if body.outcome == "released":
            await _let_in(conn, desk, chosen, now)


async def _let_in(conn: Connection, desk: Desk, released: Sequence[Hold], now: datetime) -> None:
    await opening.take_in(conn, desk, [Heard(hold.submission) for hold in released], now)
    for added in (one for hold in released for one in hold.additions):
        await opening.take_addition(conn, desk, added)


def _context(submission_id: UUID) -> str:
    return f"note:{submission_id}"
