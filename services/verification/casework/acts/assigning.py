"""Taking a case, giving it to somebody, handing it over, helping with it."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import HelperBody, LeadBody
from services.verification.casework.rules import assigning as rules
from services.verification.casework.rules.assigning import Team
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import cases, workers
from services.verification.casework.store.actions import Action
from shared.access import Operator
from shared.db import Connection
from shared.observe import log


async def load_team(conn: Connection, case: Case) -> Team:
    """Who works on a case, and who else may."""
    return rules.team(case, await workers.list_workers(conn, case.unit_code))


async def begin(conn: Connection, desk: Desk, cases: Sequence[Case]) -> list[Case]:
    """New cases, each with its first lead if the policy gives it one and somebody can be."""
    automatic = [one for one in cases if desk.policy(one).assignment.automatic]
    busy = await workers.list_busy(conn, {one.unit_code for one in automatic})
    leads = rules.by_themselves(automatic, busy)
    return [replace(one, lead=leads[one.case_id]) if one.case_id in leads else one for one in cases]


def begun(case: Case) -> Action | None:
    """What stands on the time line of a new case that has a lead; nobody said it."""
    details = {"lead": case.lead, "before": None}
    return Action(case.case_id, "lead", "", case.opened_at, details) if case.lead else None


async def assign(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: LeadBody
) -> str:
    """Make somebody the lead; who they are. Refused when it is not the operator's to say."""
    case, word = await claim(conn, operator, case_id), body.word.strip()
    team = await load_team(conn, case)
    rules.may_assign(team, operator, body.who, word)
    helpers = tuple(name for name in case.helpers if name != body.who)
    await cases.set_columns(conn, replace(case, lead=body.who, helpers=helpers), rules.TEAM)
    before = team.lead.username if team.lead else None
    details = {"lead": body.who, "before": before}
    await note_action(conn, desk, case, operator, "lead", details, word)
    log.get().info("case assigned", case_id=str(case_id))
    return body.who


async def change_helpers(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: HelperBody
) -> str:
    """Add a helper, or let one go; who they are. Refused when it is not the operator's to say."""
    case = await claim(conn, operator, case_id)
    team = await load_team(conn, case)
    helpers = [name for name in case.helpers if name != body.who]
    if body.decision == "join":
        rules.may_add_helper(team, operator, body.who)
        helpers.append(body.who)
    else:
        rules.may_remove_helper(team, operator, body.who)
    await cases.set_columns(conn, replace(case, helpers=tuple(helpers)), rules.TEAM)
    details = {"helper": body.who, "decision": body.decision}
    await note_action(conn, desk, case, operator, "helper", details, body.word.strip())
    log.get().info("helpers changed", case_id=str(case_id), outcome=body.decision)
    return body.who
