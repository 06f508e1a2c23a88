"""Cases that belong together: said in a verdict, done when the level above has confirmed it."""

from dataclasses import replace
from uuid import UUID

from uuid_utils.compat import uuid7

from services.verification.casework.acts.desk import Desk, find_said
from services.verification.casework.rules import incidents as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.incidents import Change, Member
from services.verification.casework.store import actions, incidents, recusals
from services.verification.casework.store.actions import Action
from shared import access
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection, as_itself
from shared.errors import Conflict, Forbidden, Wrong
from shared.observe import log
from shared.values import clock


async def wanted(
    conn: Connection, desk: Desk, operator: Operator, case: Case, said: str
) -> tuple[UUID | None, Wrong | None]:
    """The case that a verdict wants to join (itself: to stand apart), or what is wrong with it.

    None where it would change nothing.
    """
    if not said.strip():
        return None, None
    named = await find_said(conn, operator, said)
    if named is None or not (named.is_told and case.is_told):
        return None, Wrong("incident", "incident_unknown")
    change = await _change(conn, operator, case, named.case_id)
    wrong = change.wrong(desk.policy(case).incident)
    return (None if wrong or change.is_so else named.case_id), wrong


async def settle(
    conn: Connection, desk: Desk, operator: Operator, case: Case, named: UUID | None
) -> Case:
    """Do what a confirmed verdict wants; the case as it then is.

    The caller holds `lock_incidents`. Conflict if by now the cases lie too far apart.
    """
    change = await _change(conn, operator, case, named) if named else None
    if change is None or change.is_so:
        return case
    if wrong := change.wrong(desk.policy(case).incident):
        raise Conflict(f"refused.{wrong.key}", **wrong.values)
    incident_id = change.target(uuid7())
    async with as_itself(conn, operator):
        for member in await incidents.move_cases(conn, change.moved, incident_id):
            await _tell(conn, operator, member, change.named)
        # What one of them is about, all of them are.
        recused = await recusals.spread(conn, incident_id)
        if not recused.isdisjoint(access.identities(operator)):
            raise Forbidden("refused.other_person")
    log.get().info("incident changed", case_id=str(case.case_id), count=len(change.moved))
    return replace(case, incident_id=incident_id, recused=case.recused | recused)


async def _tell(conn: Connection, operator: Operator, member: Member, named: UUID) -> None:
    now, details = clock.now(), {"incident_id": str(member.incident_id), "joins": str(named)}
    action = Action(member.case_id, "incident", operator.username, now, details)
    await actions.add_action(conn, action)
    await publish(conn, rules.changed(member, now))


async def _change(conn: Connection, operator: Operator, case: Case, named: UUID) -> Change:
    # Also the cases that this operator may not see: they belong to the incident all the same.
    async with as_itself(conn, operator):
        members = await incidents.list_members(conn, {case.case_id, named})
    return Change(case.case_id, named, members)
