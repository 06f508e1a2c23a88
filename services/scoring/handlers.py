"""What scoring does when it hears something."""

from collections.abc import Awaitable, Callable, Sequence, Set
from datetime import date
from functools import partial

from services.scoring import books
from services.scoring.rules import commendations as rules
from services.scoring.rules import plan
from services.scoring.rules.reach import reach_of
from services.scoring.rules.values import Fact
from services.scoring.store import (
    appeals,
    commendations,
    demands,
    directory,
    facts,
    questions,
    verdicts,
)
from shared.bus.handling import Heard
from shared.db import Connection
from shared.events import (
    CaseOpened,
    CaseVerified,
    CommendationAttributed,
    Event,
    IncidentChanged,
    SubmissionAdded,
    SubmissionReceived,
)
from shared.keeping import keep
from shared.observe import log
from shared.policy import Policies
from shared.values import clock


async def lock_first(conn: Connection, kinds: Set[type[Event]]) -> None:
    """The lock on verdicts comes before any row's, or two instances would stop one another."""
    if not kinds.isdisjoint((CaseVerified, IncidentChanged)):
        await demands.lock_verdicts(conn)


# What only counts: the newest of each is kept.
on_unit_changed = keep(directory.mark_unit)
on_officer_changed = keep(directory.mark_officer)
on_hold_ended = keep(facts.mark_hold)
on_callback_logged = keep(facts.mark_callback)
on_answer_rated = keep(facts.mark_answer)
on_question_asked = keep(questions.mark)
on_appeal_changed = keep(appeals.mark)
on_reward_decided = keep(facts.mark_decided)
on_reward_paid = keep(facts.mark_paid)
on_reward_reversed = keep(facts.mark_reversed)


async def on_submissions_received(
    policies: Policies, conn: Connection, heard: Sequence[Heard[SubmissionReceived]]
) -> None:
    """Count satisfaction in the month of receipt."""
    told = [one.event for one in heard]
    await facts.add_submissions(conn, [(event, _month(policies, event)) for event in told])
    await commendations.add(conn, [event for event in told if rules.is_commendation(event)])
    ids = [str(event.submission_id) for event in told]
    log.get().info("submissions counted", count=len(told), submission_ids=ids)


def _month(policies: Policies, event: SubmissionReceived) -> date:
    day = clock.service_day(event.received_at, policies.at(event.received_at).zone)
    return day.replace(day=1)


async def on_cases_opened(conn: Connection, heard: Sequence[Heard[CaseOpened]]) -> None:
    """Count them, for the figures."""
    if added := await facts.add_cases(conn, [one.event for one in heard]):
        log.get().info("cases counted", count=len(added))


async def on_submission_added(conn: Connection, event: SubmissionAdded) -> None:
    """Nothing is counted again; whom it praises by name is noted."""
    if rules.is_commendation(event):
        await commendations.add(conn, [event])
        log.get().info("commendation noted", submission_id=event.submission_id)


async def on_commendation_attributed(conn: Connection, event: CommendationAttributed) -> None:
    """The desk says whom praise means, or takes that back; the newest word counts."""
    await commendations.mark(conn, event)
    log.get().info("commendation attributed", submission_id=event.submission_id)


async def on_case_verified(policies: Policies, conn: Connection, event: CaseVerified) -> None:
    """Write the difference to what is in force; a revision that is not the highest does nothing."""
    await _take(policies, conn, event, partial(facts.mark_verdict, conn, event))


async def on_incident_changed(policies: Policies, conn: Connection, event: IncidentChanged) -> None:
    """Count again: joined cases are one strike, cases taken apart are several."""
    await _take(policies, conn, event, partial(facts.mark_incident, conn, event))


async def _take(
    policies: Policies,
    conn: Connection,
    event: CaseVerified | IncidentChanged,
    mark: Callable[[], Awaitable[bool]],
) -> None:
    await demands.lock_verdicts(conn)
    before, version = await verdicts.get_fact(conn, event.case_id), event.aggregate_version
    if not await mark():
        log.get().info(f"older {event.TYPE} ignored", case_id=event.case_id, version=version)
        return
    await appeals.settle(conn, event.case_id)
    await _score(policies, conn, before, await verdicts.get_fact(conn, event.case_id))


async def _score(
    policies: Policies, conn: Connection, before: Fact | None, fact: Fact | None
) -> None:
    if fact is None:
        return
    touched = [before, fact] if before else [fact]
    scopes = plan.scopes_of(touched)
    beside = await verdicts.list_of_incidents(conn, {one.incident_id for one in touched})
    reach = reach_of([*touched, *beside], policies)
    in_force = await demands.get_in_force(conn, scopes, reach)
    held = await verdicts.list_facts(conn, scopes, reach)
    changes = plan.decide(scopes, held, in_force, policies, reach=reach)
    await books.save(conn, fact, changes, policies)
    log.get().info(
        "verdict scored", case_id=fact.case_id, version=fact.revision, count=len(changes)
    )
