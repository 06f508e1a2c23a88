"""What staff found out and can show: photos and recordings, made anew as the citizens' are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.db import Connection

_EXPECT = """
    INSERT INTO evidence_coming (name, case_id) SELECT name, $2 FROM unnest($1::text[]) AS name
    ON CONFLICT (name) DO UPDATE SET begun_at = mashang_now() WHERE NOT evidence_coming.leaving
    RETURNING 1
"""
_LET_GO = """
    UPDATE evidence_coming c SET leaving = true
    WHERE name IN (SELECT name FROM evidence_coming WHERE begun_at < mashang_now() - $1::interval
                   ORDER BY begun_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING name, EXISTS (
        SELECT FROM evidence e WHERE e.case_id = c.case_id AND e.name = c.name) AS arrived
"""


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


async def expect(conn: Connection, case_id: UUID, names: Collection[str]) -> bool:
    """Note what is about to be stored; False while one of them is just being removed.

    What stands on the case already is not expected again.
    """
    there = await conn.fetch(
        "SELECT name FROM evidence WHERE case_id = $1 AND name = ANY($2)", case_id, list(names)
    )
    wanted = sorted(set(names) - {row["name"] for row in there})
    return len(await conn.fetch(_EXPECT, wanted, case_id)) == len(wanted)


async def arrive(conn: Connection, names: Collection[str]) -> None:
    """They stand on their case."""
    await conn.execute("DELETE FROM evidence_coming WHERE name = ANY($1)", list(names))


async def let_go(conn: Connection, after: timedelta, limit: int) -> dict[str, bool]:
    """What began to come longer ago than that, and whether it stands on its case all the same."""
    rows = await conn.fetch(_LET_GO, after, limit)
    return {row["name"]: row["arrived"] for row in rows}
