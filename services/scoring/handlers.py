"""What scoring does when it hears something."""

from services.scoring.rules import verdicts
from services.scoring.rules.strikes import year_of
from services.scoring.rules.values import Before, Entry, Mark, Plan
from services.scoring.store import criticisms, directory, facts, points, strikes
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import (
    CallbackLogged,
    CaseOpened,
    CaseVerified,
    OfficerChanged,
    RewardDecided,
    RewardPaid,
    RewardReversed,
    ScoreChanged,
    SubmissionReceived,
    UnitChanged,
)
from shared.observe import log
from shared.policy import Policies, Policy
from shared.values import clock


async def on_unit_changed(conn: Connection, event: UnitChanged) -> None:
    """Keep the newest version of a unit."""
    if await directory.mark_unit(conn, event):
        log.get().info("unit taken over", unit_code=event.unit_code, version=event.version)


async def on_officer_changed(conn: Connection, event: OfficerChanged) -> None:
    """Keep the newest version of an officer."""
    if await directory.mark_officer(conn, event):
        log.get().info("officer taken over", unit_code=event.unit_code, version=event.version)


async def on_submission_received(
    policies: Policies, conn: Connection, event: SubmissionReceived
) -> None:
    """Count satisfaction in the month of receipt."""
    day = clock.service_day(event.received_at, policies.at(event.received_at).zone)
    await facts.add_submission(conn, event, day.replace(day=1))
    log.get().info("submission counted", submission_id=event.submission_id)


async def on_case_opened(conn: Connection, event: CaseOpened) -> None:
    """Count a case."""
    await facts.add_case(conn, event)
    log.get().info("case counted", case_id=event.case_id)


async def on_callback_logged(conn: Connection, event: CallbackLogged) -> None:
    """Count a call-back by its latest attempt."""
    await facts.mark_callback(conn, event)
    log.get().info("callback counted", case_id=event.case_id, state=event.state)


async def on_reward_decided(conn: Connection, event: RewardDecided) -> None:
    """Count a decision by its latest version."""
    await facts.mark_decided(conn, event)
    log.get().info("reward decision counted", reward_id=event.reward_id, state=event.decision)


async def on_reward_paid(conn: Connection, event: RewardPaid) -> None:
    """Count a payment."""
    await facts.mark_paid(conn, event)
    log.get().info("reward payment counted", reward_id=event.reward_id)


async def on_reward_reversed(conn: Connection, event: RewardReversed) -> None:
    """Count a payment no more."""
    await facts.mark_reversed(conn, event)
    log.get().info("reward reversal counted", reward_id=event.reward_id)


async def on_case_verified(policies: Policies, conn: Connection, event: CaseVerified) -> None:
    """Write the difference to what is in force; a revision that is not the highest does nothing."""
    await points.lock_verdicts(conn)
    if not await facts.mark_verdict(conn, event):
        log.get().info("older verdict ignored", case_id=event.case_id, version=event.revision)
        return
    plan = verdicts.decide(event, await _load(conn, event), policies)
    await _save_marks(conn, event, plan, policies)
    await _save_criticism(conn, event, plan, policies.at(event.received_at))
    for entry in plan.entries:
        await _save_entry(conn, event, entry)
    log.get().info(
        "verdict scored", case_id=event.case_id, version=event.revision, count=len(plan.entries)
    )


async def _load(conn: Connection, event: CaseVerified) -> Before:
    marks = await strikes.get_case_marks(conn, event.case_id)
    badges = {*event.officers, *(mark.badge for mark in marks)}
    return Before(
        deductions=await points.get_deductions(conn, event.case_id),
        marks=marks,
        officers_marks=await strikes.get_officers_marks(conn, badges),
        extras=await points.get_extras(conn, badges),
        criticised=await criticisms.is_criticised(conn, event.case_id),
    )


async def _save_marks(
    conn: Connection, event: CaseVerified, plan: Plan, policies: Policies
) -> None:
    for mark in sorted(plan.marks_withdrawn, key=_badge):
        await strikes.add_mark(conn, mark, event.revision, _year(mark, policies), -1)
    for mark in sorted(plan.marks_added, key=_badge):
        await strikes.add_mark(conn, mark, event.revision, _year(mark, policies), 1)


async def _save_criticism(
    conn: Connection, event: CaseVerified, plan: Plan, policy: Policy
) -> None:
    now = clock.now()
    if plan.criticism == "withdraw":
        await criticisms.add_withdrawal(conn, event.case_id, event.revision, now)
        log.get().info("criticism withdrawn", case_id=event.case_id, version=event.revision)
    elif plan.criticism == "issue":
        year, unit = year_of(now, policy), event.unit_code
        number = await criticisms.add_criticism(
            conn, year, event.case_id, event.revision, unit, now
        )
        log.get().info("criticism issued", case_id=event.case_id, unit_code=unit, code=number)


async def _save_entry(conn: Connection, event: CaseVerified, entry: Entry) -> None:
    written = await points.add_entry(conn, entry, event.case_id, event.revision)
    await publish(
        conn,
        ScoreChanged(
            entry_no=written["entry_no"],
            unit_code=entry.deduction.unit_code,
            case_id=event.case_id,
            revision=event.revision,
            reason=entry.deduction.reason,
            delta_centipoints=entry.delta_centipoints,
            balance_centipoints=written["balance_centipoints"],
            changed_at=written["changed_at"],
        ),
    )


def _badge(mark: Mark) -> str:
    return mark.badge


def _year(mark: Mark, policies: Policies) -> int:
    return year_of(mark.received_at, policies.at(mark.received_at))
