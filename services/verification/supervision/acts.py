"""Notices are issued by the clock, and acknowledged by the place to which they are addressed."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from uuid_utils.compat import uuid7

from services.verification import metrics
from services.verification.paging import store as paging
from services.verification.supervision import rules, store
from services.verification.supervision.rules import Notice
from shared.access import CASE_WORKERS, Operator
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden, NotFound
from shared.events import DutyNoticed
from shared.observe import log
from shared.policy import Policies
from shared.values import clock, text
from shared.values.counting import MOST
from shared.values.seal import Seal

_AT_ONCE = 500
Plan = Annotated[str, AfterValidator(text.lines), StringConstraints(max_length=2000)]


class AcknowledgementBody(BaseModel):
    """POST /desk/notices/{id}/acknowledgement; what one means to do need not be said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan: Plan = ""


class AcknowledgementSaid(AcknowledgementBody):
    """POST /api/v1/notices/{id}/acknowledgement; a program says it if there is nothing to say."""

    plan: Plan


class Acknowledged(BaseModel):
    """Which notice it was."""

    notice_id: UUID


async def issue(database: Database, policies: Policies) -> int:
    """Issue every notice that is due and not there yet; how many there were."""
    ladders, newest = rules.ladders(policies), policies.editions[-1]
    unit_level, zone = policies.level_keys[-1], newest.timezone
    async with database.transaction() as conn:
        issued = await store.issue(conn, ladders, unit_level, zone, _AT_ONCE)
        await _tell(conn, {place for one in issued for place in one.places})
    for one in issued:
        metrics.NOTICE_DELAY_SECONDS.observe(one.late)
    if issued:
        log.get().info("notices issued", count=len(issued))
    return len(issued)


async def remind(database: Database, policies: Policies) -> int:
    """Remind of every notice that its place has not acknowledged in time; how many."""
    async with database.transaction() as conn:
        reminded = await store.remind(conn, rules.remindings(policies), _AT_ONCE)
        await _tell(conn, set(reminded))
    if reminded:
        log.get().info("notices reminded of", count=len(reminded))
    return len(reminded)


async def _tell(conn: Connection, places: Collection[str]) -> None:
    """One SMS a place, however many wait there; where no phone is left it is for the desk."""
    if not places:
        return
    now = clock.now()
    for phone in (await paging.list_phones(conn, places)).values():
        event = DutyNoticed.of(
            phone, told_id=uuid7(), told_at=now, expires_at=now + rules.TOLD_WITHIN, about="notice"
        )
        await publish(conn, event)


def may_acknowledge(operator: Operator, notice: Notice) -> bool:
    """Whoever works at the place to which it is addressed, once."""
    own = operator.role in CASE_WORKERS and operator.scope == notice.place_code
    return own and notice.acknowledged_at is None


async def acknowledge(
    conn: Connection, seal: Seal, operator: Operator, notice_id: UUID, body: AcknowledgementBody
) -> Acknowledged:
    """Say that the place knows of it. NotFound, Forbidden, Conflict."""
    notice = await store.get(conn, notice_id)
    if notice is None:
        raise NotFound("refused.no_notice")
    if operator.scope != notice.place_code:
        raise Forbidden("refused.notice_of_another")
    plan = body.plan.strip()
    sealed = seal.close(plan, context(notice_id)) if plan else None
    if not await store.acknowledge(conn, notice, operator.username, sealed, clock.now()):
        raise Conflict("refused.notice_acknowledged")
    return Acknowledged(notice_id=notice_id)


async def count_waiting(conn: Connection, operator: Operator) -> int | None:
    """What the operator's place has not acknowledged; None for who acknowledges nothing.

    MOST stands for that many or more.
    """
    if operator.role not in CASE_WORKERS:
        return None
    return await store.count_waiting(conn, operator, MOST)


def context(notice_id: UUID) -> str:
    """What the plan is sealed for."""
    return f"note:{notice_id}:plan"
