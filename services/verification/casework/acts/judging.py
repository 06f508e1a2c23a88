"""Verdicts, and what becomes of them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.verification.casework.acts import appealed, incidents, sampling
from services.verification.casework.acts.desk import Desk, claim, note_action, tell
from services.verification.casework.bodies import VerdictBody
from services.verification.casework.rules import verdicts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.recusals import namesakes
from services.verification.casework.rules.verdicts import Draft, Past, Step
from services.verification.casework.store import actions, cases, recusals
from services.verification.casework.store.actions import StoredVerdict
from services.verification.casework.store.cases import Judged
from services.verification.directory.store import officers, units
from shared import access
from shared.access import Operator
from shared.db import Connection, as_itself
from shared.errors import Forbidden, Invalid
from shared.events import Verdict
from shared.observe import log
from shared.values import clock


async def submit_verdict(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: VerdictBody
) -> Step:
    """Record a verdict. Invalid, Conflict or Forbidden when it cannot stand."""
    return await record(conn, desk, operator, await claim(conn, operator, case_id), body)


async def record(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case: Case,
    body: VerdictBody,
    overturned: Verdict | None = None,
) -> Step:
    """The same for a case that is claimed; in place of what an appeal overturned, if one did."""
    draft, now = body.draft(case.categories), clock.now()
    verdicts.may_submit(case, operator, draft.revision)
    verdicts.may_attribute(operator, draft.attribution)
    rule = desk.policy(case)
    roster = await officers.list_roster(conn, case.unit_code, case.received_at)
    draft = replace(draft, officers=verdicts.spelt(draft.officers, roster))
    joins, wrong = await incidents.wanted(conn, desk, operator, case, body.incident or "")
    windows = await units.count_counters(conn, case.unit_code)
    own = access.identities(operator)
    wrongs = list(verdicts.wrongs(draft, roster, rule.category_keys, own, windows))
    if wrong:
        wrongs.append(wrong)
    if wrongs:
        raise Invalid(*wrongs)
    over = overturned or await _overturned(conn, case)
    stored = replace(_stored(desk, case, draft, operator, joins, now), overturned=over)
    step = await _step(conn, desk, case, stored)
    await actions.add_verdict(conn, stored)
    judged = Judged(stored.revision, draft.verdict, draft.attribution, draft.officers)
    await cases.set_verdict(conn, case.case_id, judged)
    case = await _keep_from_blamed(conn, operator, case, draft.officers)
    details = {"verdict": draft.verdict, "revision": stored.revision, "state": step.state}
    await note_action(conn, desk, case, operator, "verdict", details)
    log.get().info("verdict submitted", case_id=str(case.case_id), state=step.state)
    await take(conn, replace(case, **vars(judged)), step, case.verified_at or now, stored)
    return step


async def _overturned(conn: Connection, case: Case) -> Verdict | None:
    """What an appeal overturned with a verdict that never took effect: the reward is by that."""
    if case.final_at is not None or case.revision == 0:
        return None
    newest = (await actions.list_verdicts(conn, case.case_id))[-1]
    reopened = case.reopened_at is not None and case.reopened_at > newest.submitted_at
    return None if reopened else newest.overturned


async def _keep_from_blamed(
    conn: Connection, operator: Operator, case: Case, officers: tuple[str, ...]
) -> Case:
    """Whom a verdict names sees nothing of the case any more, nor of those that belong to it."""
    if not officers:
        return case
    async with as_itself(conn, operator):
        around = await recusals.get_around(conn, case)
        alike = {one.identity for one in namesakes(officers, around.people)}
        if f"@{operator.username}" in alike:
            raise Forbidden("refused.badge_needed")
        named = {*officers, *alike, access.NAMELESS}
        await recusals.add_recused(conn, case.incident_id, named)
    return replace(case, recused=case.recused | named)


async def past_of(conn: Connection, case_id: UUID) -> Past:
    """What was decided before, which says whether the next verdict must wait."""
    earlier = tuple(v.verdict for v in await actions.list_verdicts(conn, case_id))
    return Past(earlier, await actions.was_confirmed(conn, case_id))


async def _step(conn: Connection, desk: Desk, case: Case, new: StoredVerdict) -> Step:
    rule, joins = desk.policy(case), new.joins is not None
    past = await past_of(conn, case.case_id)
    waits = verdicts.must_wait(new.verdict, new.role, past, rule.verification, joins=joins)
    drawn = not waits and await _is_drawn(conn, desk, case)
    return verdicts.submitted(case, rule, new.submitted_at, waits=waits, drawn=drawn)


async def _is_drawn(conn: Connection, desk: Desk, case: Case) -> bool:
    """One of the sample. What waits is looked at in any case, so that nothing is drawn for it."""
    rule = desk.policy(case).verification
    drawn = await sampling.is_drawn(conn, desk, case, "verdict", rule.sample_percent)
    if case.withdrawn_at:
        percent = rule.withdrawn_sample_percent
        drawn |= await sampling.is_drawn(conn, desk, case, "withdrawn", percent)
    return drawn


def _stored(
    desk: Desk, case: Case, draft: Draft, operator: Operator, joins: UUID | None, now: datetime
) -> StoredVerdict:
    return StoredVerdict(
        case_id=case.case_id,
        revision=case.revision + 1,
        verdict=draft.verdict,
        attribution=draft.attribution,
        officers=draft.officers,
        categories=draft.categories,
        counters=draft.counters,
        incident_id=case.incident_id,
        joins=joins,
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
    if step.state == "in_review":
        await tell(conn, case, lambda: verdicts.clock_stopped(case, verified_at, clock.now()))
    if final_at:
        answer, who = verdict.answer_sealed, verdict.username
        case = replace(case, verified_at=verified_at)
        over = verdict.overturned
        await tell(
            conn, case,
            lambda: verdicts.case_verified(case, answer, verdict, final_at, who, over),
        )  # fmt: skip
        await appealed.end(conn, replace(case, state="verified"), who)
        log.get().info("case verified", case_id=str(case.case_id), count=case.revision)
