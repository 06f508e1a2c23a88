"""What staff found out and can show: photos and recordings, made anew as the citizens' are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Connection


@dataclass(frozen=True)
class Evidence:
    """A file of a case, what it shows (sealed as `note:<submission_id>`), by whom and when."""

    name: str
    case_id: UUID
    about_sealed: str
    added_by: str
    added_at: datetime


async def add_all(conn: Connection, pieces: Collection[Evidence]) -> None:
    """Keep them; one that is there stays as it is."""
    await conn.executemany(
        """INSERT INTO evidence (name, case_id, about_sealed, added_by, added_at)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
        [(one.name, one.case_id, one.about_sealed, one.added_by, one.added_at) for one in pieces],
    )


async def list_of(conn: Connection, case_id: UUID) -> list[Evidence]:
    """Those of a case, oldest first."""
    rows = await conn.fetch(
        """SELECT name, case_id, about_sealed, added_by, added_at FROM evidence
           WHERE case_id = $1 ORDER BY added_at, name""",
        case_id,
    )
    return [Evidence(**dict(row)) for row in rows]
