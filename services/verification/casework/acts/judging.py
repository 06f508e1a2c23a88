"""Verdicts, and what becomes of them."""

import secrets
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import VerdictBody
from services.verification.casework.rules import verdicts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.verdicts import Draft, Step
from services.verification.casework.store import actions, cases
from services.verification.casework.store.actions import StoredVerdict
from services.verification.casework.store.cases import Judged
from services.verification.directory.store import officers
from shared import access
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import Invalid, Wrong
from shared.observe import log
from shared.values import clock


async def submit_verdict(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: VerdictBody
) -> Step:
    """Record a verdict. Invalid, Conflict or Forbidden when it cannot stand."""
    case, now = await claim(conn, operator, case_id), clock.now()
    draft = body.draft(case.categories)
    verdicts.may_submit(case, operator, draft.revision)
    rule = desk.policy(case)
    roster = await officers.list_roster(conn, case.unit_code)
    incident_id, wrong = await _incident(conn, operator, case, body.incident)
    wrongs = list(verdicts.wrongs(draft, roster, rule.category_keys, operator.badge))
    if wrong:
        wrongs.append(wrong)
    if wrongs:
        raise Invalid(*wrongs)
    second = await _is_second_look(conn, operator, case)
    step = verdicts.submitted(
        case, draft.verdict, rule, now, secrets.randbelow(100), second_look=second
    )
    stored = _stored(desk, case, draft, operator, incident_id, now)
    await actions.add_verdict(conn, stored)
    judged = Judged(stored.revision, draft.verdict, draft.attribution, draft.officers, incident_id)
    await cases.set_verdict(conn, case_id, judged)
    details = {"verdict": draft.verdict, "revision": stored.revision, "state": step.state}
    await note_action(conn, desk, case, operator, "verdict", details)
    log.get().info("verdict submitted", case_id=str(case_id), state=step.state)
    await take(conn, replace(case, **vars(judged)), step, case.verified_at or now, stored)
    return step


async def _is_second_look(conn: Connection, operator: Operator, case: Case) -> bool:
    if case.state != "verified":
        return False
    newest = (await actions.list_verdicts(conn, case.case_id))[-1]
    return access.may_review(operator, newest.username, newest.role)


async def _incident(
    conn: Connection, operator: Operator, case: Case, incident: UUID | None
) -> tuple[UUID, Wrong | None]:
    if incident is None:
        return case.incident_id, None
    if incident == case.case_id:
        return case.case_id, None
    other = await cases.get_case(conn, operator, incident)
    return verdicts.same_incident(case.incident_id, other, case.unit_code)


def _stored(
    desk: Desk, case: Case, draft: Draft, operator: Operator, incident_id: UUID, now: datetime
) -> StoredVerdict:
    return StoredVerdict(
        case_id=case.case_id,
        revision=case.revision + 1,
        verdict=draft.verdict,
        attribution=draft.attribution,
        officers=draft.officers,
        categories=draft.categories,
        incident_id=incident_id,
        finding_sealed=desk.seal.close(draft.finding.strip(), f"finding:{case.submission_id}"),
        answer_sealed=desk.seal.close(draft.answer.strip(), f"answer:{case.submission_id}"),
        username=operator.username,
        role=operator.role,
        submitted_at=now,
        due_at=case.verification_due_at,
    )


async def take(
    conn: Connection, case: Case, step: Step, verified_at: datetime, verdict: StoredVerdict
) -> None:
    """Bring the case to where a verdict or a review leads; tell the others when it is final."""
    final_at = clock.now() if step.final else None
    await cases.set_step(conn, case.case_id, step, verified_at, final_at, case.verification_due_at)
    if final_at:
        event = verdicts.case_verified(case, verdict.answer_sealed, verdict.categories, final_at)
        await publish(conn, event)
        log.get().info("case verified", case_id=str(case.case_id), count=case.revision)
