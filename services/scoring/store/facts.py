"""What happened to submissions, cases and rewards: the newest of each, for the figures."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.db import Connection
from shared.events import (
    AnswerRated,
    CallbackLogged,
    CaseOpened,
    CaseVerified,
    HoldEnded,
    IncidentChanged,
    RewardDecided,
    RewardPaid,
    RewardReversed,
    SubmissionReceived,
)

_ADD_SUBMISSION = """
    INSERT INTO submissions
        (submission_id, kind, unit_code, satisfaction, month, received_at, held)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::date[],
                         $6::timestamptz[], $7::bool[])
    ON CONFLICT DO NOTHING
"""
_MARK_HOLD = """
    INSERT INTO holds (submission_id, unit_code, number, outcome) VALUES ($1, $2, $3, $4)
    ON CONFLICT (submission_id) DO UPDATE SET number = excluded.number, outcome = excluded.outcome
    WHERE holds.number < excluded.number RETURNING true
"""
# What is held counts once somebody has released it. Each is looked up by its id (OFFSET), and never
# all that were ever held read.
COUNTS = """
    NOT (s.held AND NOT EXISTS (SELECT FROM holds h
         WHERE h.submission_id = s.submission_id AND h.outcome = 'released' OFFSET 0))
"""
_ADD_CASE = """
    INSERT INTO cases (case_id, submission_id, kind, unit_code, opened_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT DO NOTHING RETURNING case_id
"""
# The first call that reached the citizen; before there is one, the newest attempt.
_MARK_CALLBACK = """
    INSERT INTO callbacks (case_id, submission_id, unit_code, attempt, state, called_at, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (case_id) DO UPDATE SET attempt = excluded.attempt, state = excluded.state,
        called_at = excluded.called_at, due_at = excluded.due_at
    WHERE CASE WHEN callbacks.state = excluded.state AND excluded.state = 'reached'
               THEN excluded.attempt < callbacks.attempt
               WHEN 'reached' IN (callbacks.state, excluded.state) THEN excluded.state = 'reached'
               ELSE callbacks.attempt < excluded.attempt END
    RETURNING true
"""
_MARK_VERDICT = """
    INSERT INTO verdicts (case_id, revision, kind, unit_code, incident_id, verdict, attribution,
                          received_at, verified_at, officers, categories, named, verified_by,
                          number, recused)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (case_id) DO UPDATE SET revision = excluded.revision, kind = excluded.kind,
        unit_code = excluded.unit_code, incident_id = excluded.incident_id,
        verdict = excluded.verdict, attribution = excluded.attribution,
        received_at = excluded.received_at, verified_at = excluded.verified_at,
        officers = excluded.officers, categories = excluded.categories, named = excluded.named,
        verified_by = excluded.verified_by, number = excluded.number, recused = excluded.recused
    WHERE verdicts.revision < excluded.revision RETURNING revision
"""
# The first verdict is what was due; a later one changes nothing about when it came.
_MARK_HANDED = """
    INSERT INTO handed_in (case_id, revision, unit_code, handed_at, due_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT handed_in_pkey DO UPDATE SET revision = excluded.revision,
        unit_code = excluded.unit_code, handed_at = excluded.handed_at, due_at = excluded.due_at
    WHERE handed_in.revision > excluded.revision
"""
_MARK_INCIDENT = """
    INSERT INTO incidents (case_id, incident_id, unit_code, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (case_id) DO UPDATE SET incident_id = excluded.incident_id,
        version = excluded.version
    WHERE incidents.version < excluded.version RETURNING version
"""
_MARK_DECIDED = """
    INSERT INTO rewards (reward_id, case_id, decision, amount_fen, version)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (reward_id) DO UPDATE SET decision = excluded.decision, version = excluded.version,
        amount_fen = CASE WHEN rewards.paid_at IS NULL THEN excluded.amount_fen
                          ELSE rewards.amount_fen END
    WHERE rewards.version < excluded.version RETURNING true
"""
_MARK_PAID = """
    INSERT INTO rewards (reward_id, case_id, amount_fen, paid_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (reward_id) DO UPDATE SET amount_fen = excluded.amount_fen,
        paid_at = excluded.paid_at RETURNING true
"""
_MARK_REVERSED = """
    INSERT INTO rewards (reward_id, case_id, amount_fen, reversed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (reward_id) DO UPDATE SET reversed_at = excluded.reversed_at
    RETURNING true
"""
# A late word about an older verdict takes nothing from what was said about a newer one.
_MARK_ANSWER = """
    INSERT INTO answers (submission_id, kind, unit_code, version, solved, satisfied, rated_at,
                         revision)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (submission_id) DO UPDATE SET version = excluded.version,
        solved = excluded.solved, satisfied = excluded.satisfied, rated_at = excluded.rated_at,
        revision = greatest(answers.revision, excluded.revision)
    WHERE answers.version < excluded.version RETURNING true
"""


async def add_submissions(
    conn: Connection, told: Sequence[tuple[SubmissionReceived, date]]
) -> None:
    """Each once, with the first day of the month of its receipt at the bureau."""
    rows = [
        (event.submission_id, event.kind, event.unit_code, event.satisfaction, month,
         event.received_at, event.held is not None)
        for event, month in told
    ]  # fmt: skip
    await conn.execute(_ADD_SUBMISSION, *map(list, zip(*rows, strict=True)))


async def mark_hold(conn: Connection, event: HoldEnded) -> bool:
    """The latest decision counts, whenever the submission itself is heard of."""
    row = (event.submission_id, event.unit_code, event.number, event.outcome)
    return await conn.fetchval(_MARK_HOLD, *row) is True


async def add_cases(conn: Connection, told: Sequence[CaseOpened]) -> list[UUID]:
    """Each once; those that were not there."""
    rows = [(e.case_id, e.submission_id, e.kind, e.unit_code, e.opened_at) for e in told]
    added = await conn.fetch(_ADD_CASE, *map(list, zip(*rows, strict=True)))
    return [row["case_id"] for row in added]


async def mark_callback(conn: Connection, event: CallbackLogged) -> bool:
    """What a call made of the callback, in any order of arrival: once reached stays reached."""
    row = (event.case_id, event.submission_id, event.unit_code, event.attempt, event.state)
    return await conn.fetchval(_MARK_CALLBACK, *row, event.called_at, event.due_at) is True


async def mark_verdict(conn: Connection, event: CaseVerified) -> bool:
    """Take over a verdict; False if we have that revision or a higher one."""
    row = (event.case_id, event.revision, event.kind, event.unit_code, event.incident_id)
    rest = (event.verdict, event.attribution, event.received_at, event.verified_at)
    who = (list(event.officers), list(event.categories), list(event.named), event.verified_by)
    if event.handed_at and event.due_at:
        handed = (event.unit_code, event.handed_at, event.due_at)
        await conn.execute(_MARK_HANDED, event.case_id, event.revision, *handed)
    told = (event.number, list(event.recused))
    return await conn.fetchval(_MARK_VERDICT, *row, *rest, *who, *told) is not None


async def mark_incident(conn: Connection, event: IncidentChanged) -> bool:
    """Take over the incident of a case; False if we have as new a one."""
    row = (event.case_id, event.incident_id, event.unit_code, event.version)
    return await conn.fetchval(_MARK_INCIDENT, *row) is not None


async def mark_decided(conn: Connection, event: RewardDecided) -> bool:
    """The latest decision counts."""
    row = (event.reward_id, event.case_id, event.decision, event.amount_fen, event.version)
    return await conn.fetchval(_MARK_DECIDED, *row) is True


async def mark_paid(conn: Connection, event: RewardPaid) -> bool:
    """The provider completed it."""
    row = (event.reward_id, event.case_id, event.amount_fen, event.paid_at)
    return await conn.fetchval(_MARK_PAID, *row) is True


async def mark_reversed(conn: Connection, event: RewardReversed) -> bool:
    """The provider took it back; also when that is heard before the payment."""
    row = (event.reward_id, event.case_id, event.amount_fen, event.reversed_at)
    return await conn.fetchval(_MARK_REVERSED, *row) is True


async def mark_answer(conn: Connection, event: AnswerRated) -> bool:
    """The newest answers to the two questions count."""
    row = (event.submission_id, event.kind, event.unit_code, event.version, event.solved)
    told = (event.satisfied, event.rated_at, event.revision)
    return await conn.fetchval(_MARK_ANSWER, *row, *told) is True
