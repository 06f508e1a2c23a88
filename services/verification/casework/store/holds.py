"""Held submissions, and who decided what about them and why."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.verification.casework.rules.holds import Hold, State
from shared.db import Connection, array
from shared.events import HeldReason, HoldEnded, SubmissionAdded, SubmissionReceived

_COLUMNS = "h.body, h.added, h.reason, h.due_at, h.state, h.number"
_ADD = """
    INSERT INTO holds (submission_id, unit_code, reason, received_at, due_at, body, recused)
    SELECT submission_id, unit_code, reason, received_at, due_at, body::jsonb, recused::text[]
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                $6::text[], $7::text[])
        AS sent (submission_id, unit_code, reason, received_at, due_at, body, recused)
    ON CONFLICT DO NOTHING RETURNING submission_id
"""
# What an operator may see is held by row-level security: their subtree, and not about them.
_MATCHING = """
    FROM holds h WHERE h.state = $1 AND ($2::text IS NULL OR h.unit_code = $2)
    AND ($3::text IS NULL OR h.reason = $3)
"""
_LIST = f"SELECT {_COLUMNS} {_MATCHING} ORDER BY h.due_at, h.submission_id LIMIT $4"
# In an order that an index has: or all that ever were held may be read to find the few that are.
_COUNT = f"""
    SELECT count(*) FROM (SELECT {_MATCHING} ORDER BY h.due_at, h.submission_id LIMIT $4) AS counted
"""  # noqa: S608
_CLAIM = f"""
    SELECT {_COLUMNS} FROM holds h WHERE h.submission_id = ANY($1)
    ORDER BY h.submission_id FOR UPDATE
"""  # noqa: S608  the names are this module's own
_CLAIM_ALL = f"""
    SELECT {_COLUMNS} {_MATCHING} ORDER BY h.due_at, h.submission_id LIMIT $4 FOR UPDATE
"""
_ADD_ADDITION = """
    UPDATE holds SET added = CASE WHEN added @> ARRAY[$2::jsonb] THEN added
                             ELSE added || $2::jsonb END
    WHERE submission_id = $1 AND state <> 'released' RETURNING true
"""
_END = """
    UPDATE holds SET state = s.outcome, number = s.number
    FROM unnest($1::uuid[], $2::int[], $3::text[]) AS s (submission_id, number, outcome)
    WHERE holds.submission_id = s.submission_id
"""
_DECIDED = """
    INSERT INTO hold_decisions (submission_id, number, outcome, username, reason_sealed, decided_at)
    SELECT s.submission_id, s.number, s.outcome, $4, s.sealed, $5
    FROM unnest($1::uuid[], $2::int[], $3::text[], $6::text[])
        AS s (submission_id, number, outcome, sealed)
"""


async def add_holds(conn: Connection, held: Sequence[tuple[Hold, Collection[str]]]) -> list[UUID]:
    """Keep them until somebody decides, each with from whom; which were not here already."""
    rows = [
        (hold.submission.submission_id, hold.submission.unit_code, hold.reason,
         hold.submission.received_at, hold.due_at, hold.submission.model_dump_json(),
         array(sorted(recused)))
        for hold, recused in held
    ]  # fmt: skip
    added = await conn.fetch(_ADD, *map(list, zip(*rows, strict=True))) if rows else []
    return [row["submission_id"] for row in added]


async def add_addition(conn: Connection, event: SubmissionAdded) -> bool:
    """Keep what was added, once; False if what it was added to is not held."""
    body = event.model_dump(mode="json")
    return bool(await conn.fetchval(_ADD_ADDITION, event.submission_id, body))


async def is_held(conn: Connection, submission_id: UUID) -> bool:
    """Whether it waits, or was set aside."""
    sql = "SELECT true FROM holds WHERE submission_id = $1 AND state <> 'released'"
    return bool(await conn.fetchval(sql, submission_id))


async def list_holds(
    conn: Connection,
    state: State,
    unit_code: str | None,
    reason: HeldReason | None,
    limit: int,
) -> list[Hold]:
    """Those that must be decided first, first."""
    return [_hold(row) for row in await conn.fetch(_LIST, state, unit_code, reason, limit)]


async def count_holds(
    conn: Connection,
    state: State,
    unit_code: str | None,
    reason: HeldReason | None,
    most: int | None = None,
) -> int:
    """How many there are; `most` stands for that many or more."""
    return int(await conn.fetchval(_COUNT, state, unit_code, reason, most))


async def claim_holds(conn: Connection, ids: Collection[UUID]) -> list[Hold]:
    """These, locked until the end of the transaction."""
    return [_hold(row) for row in await conn.fetch(_CLAIM, list(ids))]


async def claim_matching(
    conn: Connection, state: State, unit_code: str | None, reason: HeldReason | None, limit: int
) -> list[Hold]:
    """The first of those that match, locked until the end of the transaction."""
    return [_hold(row) for row in await conn.fetch(_CLAIM_ALL, state, unit_code, reason, limit)]


async def end_holds(
    conn: Connection, done: Collection[HoldEnded], username: str, sealed: list[str], at: datetime
) -> None:
    """What was decided, each with its sealed reason."""
    ids, numbers = [one.submission_id for one in done], [one.number for one in done]
    outcomes = [one.outcome for one in done]
    await conn.execute(_END, ids, numbers, outcomes)
    await conn.execute(_DECIDED, ids, numbers, outcomes, username, at, sealed)


def _hold(row: Any) -> Hold:
    values = dict(row)
    sent, added = values.pop("body"), values.pop("added")
    additions = sorted(map(SubmissionAdded.model_validate, added), key=lambda one: one.number)
    return Hold(SubmissionReceived.model_validate(sent), **values, additions=tuple(additions))
