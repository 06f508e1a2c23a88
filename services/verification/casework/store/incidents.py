"""The cases of an incident; who changes it sees them all, whoever they act for (`db.as_itself`)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.incidents import Member
from services.verification.casework.store.cases import VISIBLE, own
from shared.access import Operator
from shared.db import Connection

_COLUMNS = "case_id, incident_id, incident_version, unit_code, received_at"
# Before any row's lock: a change touches many cases, and two of one unit would meet crosswise.
_LOCK = """
    SELECT pg_advisory_xact_lock(hashtext('incidents'), hashtext(unit_code))
    FROM cases WHERE case_id = $1
"""
_MEMBERS = f"""
    SELECT {_COLUMNS} FROM cases
    WHERE incident_id IN (SELECT incident_id FROM cases WHERE case_id = ANY($1)) ORDER BY case_id
"""  # noqa: S608
_OTHERS = f"""
    SELECT case_id, number FROM cases WHERE {VISIBLE} AND incident_id = $3 AND case_id <> $4
    ORDER BY case_id
"""  # noqa: S608
_MOVE = f"""
    UPDATE cases SET incident_id = $2, incident_version = incident_version + 1
    WHERE case_id = ANY($1) RETURNING {_COLUMNS}
"""  # noqa: S608


async def lock_incidents(conn: Connection, case_id: UUID) -> None:
    """Change the incidents of this case's unit alone, until the transaction ends."""
    await conn.execute(_LOCK, case_id)


async def list_members(conn: Connection, case_ids: Collection[UUID]) -> list[Member]:
    """All cases of the incidents to which these belong."""
    return [_member(row) for row in await conn.fetch(_MEMBERS, list(case_ids))]


async def list_others(conn: Connection, operator: Operator, case: Case) -> dict[UUID, str]:
    """The numbers of the other cases of its incident, as far as this operator may see them."""
    rows = await conn.fetch(_OTHERS, *own(operator), case.incident_id, case.case_id)
    return {row["case_id"]: row["number"] for row in rows}


async def move_cases(
    conn: Connection, case_ids: Collection[UUID], incident_id: UUID
) -> list[Member]:
    """Bring cases to an incident; as they then are."""
    return [_member(row) for row in await conn.fetch(_MOVE, list(case_ids), incident_id)]


def _member(row: Any) -> Member:
    return Member(**dict(row))
