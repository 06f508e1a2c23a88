"""What was done to a case, by whom and when: the callbacks, the verdicts and the time line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from services.verification.casework.rules.answering import Decider
from services.verification.casework.rules.verdicts import Ruling
from shared.access import Role
from shared.db import Connection
from shared.events import CallbackOutcome, Verdict

_ADD = """
    INSERT INTO case_actions (case_id, action, actor, acted_at, details, note_sealed)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True)
class Action:
    """One entry of a case's time line; the actor is a username or the service that told us."""

    case_id: UUID
    action: str
    actor: str
    acted_at: datetime
    details: Mapping[str, Any]
    note_sealed: str | None = None


_row = attrgetter(*(one.name for one in fields(Action)))


async def add_action(conn: Connection, action: Action) -> None:
    """Append to the time line."""
    await conn.execute(_ADD, *_row(action))


async def add_actions(conn: Connection, done: Sequence[Action]) -> None:
    """The same for many cases, in this order."""
    await conn.executemany(_ADD, map(_row, done))


async def add_once(conn: Connection, action: Action) -> None:
    """Append to the time line, unless the same actor has an entry of the same details there."""
    await conn.execute(
        """INSERT INTO case_actions (case_id, action, actor, acted_at, details)
           SELECT $1, $2, $3, $4, $5
           WHERE NOT EXISTS (SELECT FROM case_actions
                             WHERE case_id = $1 AND action = $2 AND actor = $3 AND details = $5)""",
        action.case_id, action.action, action.actor, action.acted_at, action.details,
    )  # fmt: skip


async def was_done(conn: Connection, action: Action) -> bool:
    """Whether the same actor has an entry of the same details on the time line."""
    found = await conn.fetchval(
        """SELECT 1 FROM case_actions
           WHERE case_id = $1 AND action = $2 AND actor = $3 AND details = $4 LIMIT 1""",
        action.case_id, action.action, action.actor, action.details,
    )  # fmt: skip
    return found is not None


async def count(conn: Connection, case_id: UUID, action: str) -> int:
    """How often something was done to a case."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM case_actions WHERE case_id = $1 AND action = $2", case_id, action
        )
    )


async def list_actions(conn: Connection, case_id: UUID) -> list[Action]:
    """A case's time line, oldest first."""
    rows = await conn.fetch(
        """SELECT case_id, action, actor, acted_at, details, note_sealed FROM case_actions
           WHERE case_id = $1 ORDER BY action_id""",
        case_id,
    )
    return [Action(**dict(row)) for row in rows]


async def was_confirmed(conn: Connection, case_id: UUID) -> bool:
    """Whether a review has ever confirmed a verdict of this case."""
    found = await conn.fetchval(
        """SELECT 1 FROM case_actions WHERE case_id = $1 AND action = 'review'
           AND details ->> 'decision' = 'confirm' LIMIT 1""",
        case_id,
    )
    return found is not None


async def get_assigner(conn: Connection, case_id: UUID) -> str | None:
    """Who said last who leads a case."""
    found: str | None = await conn.fetchval(
        """SELECT actor FROM case_actions WHERE case_id = $1 AND action = 'lead'
           ORDER BY action_id DESC LIMIT 1""",
        case_id,
    )
    return found


async def get_decider(conn: Connection, case_id: UUID) -> Decider | None:
    """Who had the last word on a case: who confirmed its newest verdict, or else who gave it."""
    row = await conn.fetchrow(
        """SELECT coalesce(o.username, v.username) AS username, coalesce(o.role, v.role) AS role
           FROM verdicts v
           LEFT JOIN case_actions a ON a.case_id = v.case_id AND a.action = 'review'
               AND a.details ->> 'decision' = 'confirm'
               AND (a.details ->> 'revision')::int = v.revision
           LEFT JOIN operators o ON o.username = a.actor
           WHERE v.case_id = $1 ORDER BY v.revision DESC, a.action_id DESC NULLS LAST LIMIT 1""",
        case_id,
    )
    return Decider(**dict(row)) if row else None


async def has_case(conn: Connection, case_id: UUID) -> bool:
    """Whether there is such a case at all."""
    return await conn.fetchval("SELECT 1 FROM cases WHERE case_id = $1", case_id) is not None


async def add_attempt(
    conn: Connection, case_id: UUID, attempt: int, outcome: CallbackOutcome, at: datetime, by: str
) -> None:
    """A call to the citizen."""
    await conn.execute(
        """INSERT INTO callback_attempts (case_id, attempt, outcome, called_at, username)
           VALUES ($1, $2, $3, $4, $5)""",
        case_id, attempt, outcome, at, by,
    )  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """A call to the citizen."""

    attempt: int
    outcome: CallbackOutcome
    called_at: datetime
    username: str


async def list_attempts(conn: Connection, case_id: UUID) -> list[Attempt]:
    """The calls so far, oldest first."""
    rows = await conn.fetch(
        """SELECT attempt, outcome, called_at, username FROM callback_attempts
           WHERE case_id = $1 ORDER BY attempt""",
        case_id,
    )
    return [Attempt(**dict(row)) for row in rows]


async def list_all_attempts(
    conn: Connection, case_ids: Sequence[UUID]
) -> dict[UUID, list[datetime]]:
    """The times of the calls so far, for those of these cases where there were any."""
    rows = await conn.fetch(
        """SELECT case_id, array_agg(called_at ORDER BY attempt) AS calls FROM callback_attempts
           WHERE case_id = ANY($1) GROUP BY case_id""",
        case_ids,
    )
    return {row["case_id"]: row["calls"] for row in rows}


async def list_last_actors(conn: Connection, case_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Which operator did the last thing to each of these cases; the services' own do not count."""
    rows = await conn.fetch(
        """SELECT DISTINCT ON (case_id) case_id, actor FROM case_actions
           JOIN operators ON username = actor
           WHERE case_id = ANY($1) ORDER BY case_id, action_id DESC""",
        case_ids,
    )
    return {row["case_id"]: row["actor"] for row in rows}


@dataclass(frozen=True)
class Recorded(Ruling):
    """One revision of a case's verdict; `due_at` is the due time it was submitted under.

    `incident_id` is as it was then, `joins` the case whose incident it wants to be the same, and
    `overturned` the verdict that an officer's appeal changed into this one.
    """

    case_id: UUID
    revision: int
    incident_id: UUID
    joins: UUID | None
    username: str
    role: Role
    submitted_at: datetime
    due_at: datetime
    overturned: Verdict | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class StoredVerdict(Recorded):
    """A revision as it is stored: its texts sealed."""

    finding_sealed: str
    answer_sealed: str


async def add_verdict(conn: Connection, verdict: StoredVerdict) -> None:
    """A new revision."""
    await conn.execute(
        """INSERT INTO verdicts (case_id, revision, verdict, attribution, officers, categories,
               incident_id, finding_sealed, answer_sealed, username, role, submitted_at, due_at,
               joins, counters, overturned)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        verdict.case_id, verdict.revision, verdict.verdict, verdict.attribution, verdict.officers,
        verdict.categories, verdict.incident_id, verdict.finding_sealed, verdict.answer_sealed,
        verdict.username, verdict.role, verdict.submitted_at, verdict.due_at,
        verdict.joins, verdict.counters, verdict.overturned,
    )  # fmt: skip


async def list_verdicts(conn: Connection, case_id: UUID) -> list[StoredVerdict]:
    """All revisions, oldest first."""
    rows = await conn.fetch(
        """SELECT case_id, revision, verdict, attribution, officers, categories, incident_id,
                  finding_sealed, answer_sealed, username, role, submitted_at, due_at, joins,
                  counters, overturned
           FROM verdicts WHERE case_id = $1 ORDER BY revision""",
        case_id,
    )
    return [
        StoredVerdict(
            **dict(row)
            | {name: tuple(row[name]) for name in ("officers", "categories", "counters")}
        )
        for row in rows
    ]
