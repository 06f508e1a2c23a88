"""Cases; every read on behalf of an operator is scoped to their subtree in SQL."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from services.verification.casework.rules.cases import Case, made
from services.verification.casework.rules.verdicts import Step
from shared import access
from shared.access import Operator
from shared.db import Connection, array
from shared.events import Attribution, CallbackState, Verdict

COLUMNS = ", ".join(f.name for f in fields(Case))
_ARRAYS = ("categories", "officers", "reasons", "attachments", "helpers")
_SETS = ("recused", "cleared")
# What a new case may have; the rest is as the table has it by itself.
_PLAIN = {
    "case_id": "uuid", "submission_id": "uuid", "incident_id": "uuid", "kind": "text",
    "unit_code": "text", "urgent": "bool", "language": "text", "received_at": "timestamptz",
    "opened_at": "timestamptz", "callback_due_at": "timestamptz",
    "verification_due_at": "timestamptz", "callback_state": "text", "counter": "int",
    "satisfaction": "int", "words_sealed": "text", "phone_sealed": "text", "phone_index": "text",
    "officer_badge": "text", "channel": "text", "occurred_at": "timestamptz", "matter": "text",
    "officer_typed_sealed": "text", "call_time": "text", "call_language": "text", "held": "text",
    "examined": "int", "about": "uuid", "lead": "text", "word_owed": "text",
    "word_due_at": "timestamptz", "page_due_at": "timestamptz",
    "traceparent": "text",
}  # fmt: skip
_LISTS = {"categories": "text[]", "reasons": "int[]", "attachments": "text[]", "recused": "text[]"}
_OPENED = {**_PLAIN, **_LISTS, "consent": "jsonb"}
# What is no plain value travels as text.
_SENT = ["int", *_PLAIN.values(), *(["text"] * (len(_LISTS) + 1))]
_plain, _lists = attrgetter(*_PLAIN), attrgetter(*_LISTS)
_ADD = f"""
    WITH opened AS (
        INSERT INTO cases (number, {", ".join(_OPENED)})
        SELECT case_number(year, nextval('case_numbers')),
               {", ".join(f"{name}::{kind}" for name, kind in _OPENED.items())}
        FROM unnest({", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_SENT, 1))})
            AS sent (year, {", ".join(_OPENED)})
        ON CONFLICT (submission_id) DO NOTHING RETURNING case_id, opened_at
    )
    INSERT INTO case_actions (case_id, action, actor, acted_at, details)
    SELECT case_id, 'opened', '', opened_at, '{{}}'::jsonb FROM opened RETURNING case_id
"""  # noqa: S608  the names are this module's own
# $1 and $2 are the operator's (see `own`): their place in the tree, and who they are.
KEPT_FROM = "(recused && $2::text[] OR '=' = ANY($2::text[]) AND '!' <> ALL(recused))"
VISIBLE = f"""unit_code IN (SELECT unit_code FROM units WHERE path @> ARRAY[$1::text])
    AND NOT {KEPT_FROM}"""  # noqa: S608  the names are this module's own
_GET = f"SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND case_id = $3"  # noqa: S608
_FIND = f"SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND submission_id = $3"  # noqa: S608

_CLAIM_OF = f"SELECT {COLUMNS} FROM cases WHERE submission_id = $1 FOR UPDATE"  # noqa: S608
_NUMBERED = f"SELECT {COLUMNS} FROM cases WHERE {VISIBLE} AND number = $3"  # noqa: S608
_NUMBERS = f"SELECT case_id, number FROM cases WHERE {VISIBLE} AND case_id = ANY($3)"  # noqa: S608


def as_case(row: Any) -> Case:
    """A row with COLUMNS as a Case."""
    values = dict(row)
    for name in _ARRAYS:
        values[name] = tuple(values[name])
    for name in _SETS:
        values[name] = frozenset(values[name])
    return made(values)


def own(operator: Operator) -> tuple[str, list[str]]:
    """The operator's place, and everything by which a case may be kept from them."""
    return operator.scope, access.identities(operator)


async def add_cases(conn: Connection, new: Sequence[tuple[Case, int]]) -> set[UUID]:
    """Store new cases, each under the next number of its year, and begin their time lines.

    The ids of those whose submission had none yet.
    """
    rows = [(year, *_row(case)) for case, year in new]
    added = await conn.fetch(_ADD, *map(list, zip(*rows, strict=True))) if rows else []
    return {row["case_id"] for row in added}


def _row(case: Case) -> tuple[Any, ...]:
    consent = case.consent and json.dumps(case.consent)
    return (*_plain(case), *map(array, _lists(case)), consent)


async def get_case(conn: Connection, operator: Operator, case_id: UUID) -> Case | None:
    """A case that this operator may see."""
    row = await conn.fetchrow(_GET, *own(operator), case_id)
    return as_case(row) if row else None


async def get_case_of(conn: Connection, operator: Operator, submission_id: UUID) -> Case | None:
    """The case of a submission, if this operator may see it."""
    row = await conn.fetchrow(_FIND, *own(operator), submission_id)
    return as_case(row) if row else None


async def get_numbered(conn: Connection, operator: Operator, number: str) -> Case | None:
    """The case of this number, if this operator may see it."""
    row = await conn.fetchrow(_NUMBERED, *own(operator), number)
    return as_case(row) if row else None


async def list_numbers(
    conn: Connection, operator: Operator, case_ids: Collection[UUID]
) -> dict[UUID, str]:
    """The numbers of those of these cases that this operator may see."""
    rows = await conn.fetch(_NUMBERS, *own(operator), list(case_ids))
    return {row["case_id"]: row["number"] for row in rows}


async def claim_case(conn: Connection, operator: Operator, case_id: UUID) -> Case | None:
    """A case that this operator may see, locked until the end of the transaction."""
    row = await conn.fetchrow(f"{_GET} FOR UPDATE", *own(operator), case_id)
    return as_case(row) if row else None


async def claim_case_of(conn: Connection, submission_id: UUID) -> Case | None:
    """The case of a submission, locked; for the service itself."""
    row = await conn.fetchrow(_CLAIM_OF, submission_id)
    return as_case(row) if row else None


async def lock_all(conn: Connection, *, changes: bool) -> None:
    """Who changes several cases in one transaction does it alone; who only notes on them together.

    Before any row's lock: two batches that name the same cases would meet crosswise.
    """
    kind = "" if changes else "_shared"
    await conn.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtext('cases'))")


async def set_words(conn: Connection, case_id: UUID, words_sealed: str) -> None:
    """The words of a case that had none."""
    await conn.execute(
        "UPDATE cases SET words_sealed = $2 WHERE case_id = $1", case_id, words_sealed
    )


async def list_about(conn: Connection, submission_id: UUID) -> dict[UUID, str]:
    """The numbers of the reports of pressure over a submission.

    Row-level security shows those that whoever asks may see.
    """
    rows = await conn.fetch(
        "SELECT case_id, number FROM cases WHERE about = $1 ORDER BY case_id", submission_id
    )
    return {row["case_id"]: row["number"] for row in rows}


async def list_first(conn: Connection, submission_id: UUID | None) -> dict[UUID, str]:
    """The number of the case that a report of pressure is about, if whoever asks may see it."""
    rows = await conn.fetch(
        "SELECT case_id, number FROM cases WHERE submission_id = $1", submission_id
    )
    return {row["case_id"]: row["number"] for row in rows}


async def set_columns(conn: Connection, case: Case, names: Sequence[str]) -> None:
    """Store some of what a case is now."""
    told = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, 2))
    values = [getattr(case, name) for name in names]
    await conn.execute(f"UPDATE cases SET {told} WHERE case_id = $1", case.case_id, *values)  # noqa: S608


async def set_callback(
    conn: Connection, case_id: UUID, state: CallbackState, settled_at: datetime | None
) -> None:
    """What an attempt made of the callback; whoever calls has the case, and nobody is paged.

    The first time that the citizen was reached stays, and when that was due.
    """
    await conn.execute(
        """UPDATE cases SET callback_state = $2, callback_settled_at = $3, page_due_at = NULL,
                  reached_at = CASE WHEN $4 THEN coalesce(reached_at, $3) ELSE reached_at END,
                  reached_due_at = CASE WHEN $4 AND reached_at IS NULL THEN callback_due_at
                                        ELSE reached_due_at END
           WHERE case_id = $1""",
        case_id, state, settled_at, state == "reached",
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What a verdict puts on the case."""

    revision: int
    verdict: Verdict
    attribution: Attribution
    officers: tuple[str, ...]


async def set_verdict(conn: Connection, case_id: UUID, judged: Judged) -> None:
    """The newest verdict; `set_step` then says where it takes the case."""
    await conn.execute(
        """UPDATE cases SET revision = $2, verdict = $3, attribution = $4, officers = $5
           WHERE case_id = $1""",
        case_id, judged.revision, judged.verdict, judged.attribution, judged.officers,
    )  # fmt: skip


async def set_step(
    conn: Connection,
    case_id: UUID,
    step: Step,
    verified_at: datetime | None,
    final_at: datetime | None,
    verification_due_at: datetime,
) -> None:
    """Where a verdict or a review took the case; with the answer no word is owed any more.

    When the first that took effect was handed in stays, and when it was due.
    """
    await conn.execute(
        """UPDATE cases SET state = $2, review_due_at = $3, review_pending = $4, verified_at = $5,
                  final_at = $6, verification_due_at = $7,
                  in_force = CASE WHEN $2 = 'verified' THEN verdict ELSE in_force END,
                  handed_at = CASE WHEN $2 = 'verified' THEN coalesce(handed_at, $5)
                                   ELSE handed_at END,
                  handed_due_at = CASE WHEN $2 = 'verified' AND handed_at IS NULL THEN $7
                                       ELSE handed_due_at END,
                  page_due_at = CASE WHEN $2 = 'open' THEN page_due_at END,
                  word_owed = CASE WHEN $2 <> 'verified' THEN word_owed END,
                  word_due_at = CASE WHEN $2 <> 'verified' THEN word_due_at END
           WHERE case_id = $1""",
        case_id, step.state, step.review_due_at, step.review_pending, verified_at, final_at,
        verification_due_at,
    )  # fmt: skip
