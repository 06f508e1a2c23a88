"""The cases of an incident. Who asks sees them all, whoever they act for (see `db.as_itself`)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from services.verification.casework.rules.incidents import Member
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


async def move_cases(
    conn: Connection, case_ids: Collection[UUID], incident_id: UUID
) -> list[Member]:
    """Bring cases to an incident; as they then are."""
    return [_member(row) for row in await conn.fetch(_MOVE, list(case_ids), incident_id)]


def _member(row: Any) -> Member:
    return Member(**dict(row))
