"""What citizens praised. Who sees it is held by row-level security."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.db import Connection, array

_COLUMNS = """
    commendation_id, submission_id, unit_code, satisfaction, reasons, words_sealed, officer_badge,
    officer_typed_sealed, said_at, attachments
"""
# Their ids grow with time.
_LIST = f"""
    SELECT {_COLUMNS}, attributed_badge FROM commendations
    WHERE ($1::text IS NULL OR unit_code = $1)
    AND ($2::text[] IS NULL OR officer_badge = ANY($2) OR attributed_badge = ANY($2))
    AND ($3::uuid IS NULL OR commendation_id < $3) ORDER BY commendation_id DESC LIMIT $4
"""  # noqa: S608  the names are this module's own
# What `unnest` would flatten travels as text.
_ADD = f"""
    INSERT INTO commendations ({_COLUMNS})
    SELECT commendation_id, submission_id, unit_code, satisfaction, reasons::int[], words_sealed,
           officer_badge, officer_typed_sealed, said_at, attachments::text[]
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::timestamptz[], $10::text[]) AS said ({_COLUMNS})
    ON CONFLICT ON CONSTRAINT commendations_pkey DO NOTHING RETURNING submission_id
"""  # noqa: S608
_GET = f"SELECT {_COLUMNS}, attributed_badge FROM commendations WHERE commendation_id = $1"  # noqa: S608
_ATTRIBUTE = """
    WITH now AS (
        UPDATE commendations SET attributed_badge = $2 WHERE commendation_id = $1
    )
    INSERT INTO attributions (commendation_id, number, badge, username, attributed_at)
    SELECT $1, count(*) + 1, $2, $3, $4 FROM attributions WHERE commendation_id = $1
    RETURNING number
"""


@dataclass(frozen=True)
class Commendation:
    """Words of praise, or photos; the id is the submission's own, or that of its addition.

    Words that were erased when their time was over are None.
    """

    commendation_id: UUID
    submission_id: UUID
    unit_code: str
    satisfaction: int
    reasons: tuple[int, ...]
    words_sealed: str | None
    officer_badge: str | None
    officer_typed_sealed: str | None
    said_at: datetime
    attachments: tuple[str, ...]
    attributed_badge: str | None = None

    @property
    def badge(self) -> str | None:
        """Whom it means: whom the citizen chose, or else whom somebody at the desk knows."""
        return self.officer_badge or self.attributed_badge


@dataclass(frozen=True)
class Attribution:
    """Who said when whom it means; nobody any more where the badge lacks."""

    badge: str | None
    username: str
    attributed_at: datetime


async def add(conn: Connection, all_said: Sequence[Commendation]) -> list[UUID]:
    """Keep them, each once; the submissions of those that were not there."""
    rows = [
        (said.commendation_id, said.submission_id, said.unit_code, said.satisfaction,
         array(said.reasons), said.words_sealed, said.officer_badge, said.officer_typed_sealed,
         said.said_at, array(said.attachments))
        for said in all_said
    ]  # fmt: skip
    added = await conn.fetch(_ADD, *map(list, zip(*rows, strict=True))) if rows else []
    return [row["submission_id"] for row in added]


async def list_newest(
    conn: Connection,
    unit_code: str | None,
    badges: Sequence[str] | None,
    before: UUID | None,
    limit: int,
) -> list[Commendation]:
    """The newest first: of a unit, of whom these badges name, from before one of them."""
    rows = await conn.fetch(_LIST, unit_code, badges, before, limit)
    return [_commendation(row) for row in rows]


async def get(conn: Connection, commendation_id: UUID) -> Commendation | None:
    """One, for who may see it."""
    row = await conn.fetchrow(_GET, commendation_id)
    return _commendation(row) if row else None


async def claim(conn: Connection, commendation_id: UUID) -> Commendation | None:
    """The same, locked until the end of the transaction."""
    row = await conn.fetchrow(f"{_GET} FOR UPDATE", commendation_id)
    return _commendation(row) if row else None


def _commendation(row: Record) -> Commendation:
    lists = {one: tuple(row[one]) for one in ("reasons", "attachments")}
    return Commendation(**dict(row) | lists)


async def attribute(conn: Connection, commendation_id: UUID, said: Attribution) -> int:
    """Somebody says whom one means that is claimed; the number of what was said of it."""
    row = (said.badge, said.username, said.attributed_at)
    return int(await conn.fetchval(_ATTRIBUTE, commendation_id, *row))


async def list_attributions(conn: Connection, commendation_id: UUID) -> list[Attribution]:
    """What was said so far, oldest first."""
    rows = await conn.fetch(
        """SELECT badge, username, attributed_at FROM attributions WHERE commendation_id = $1
           ORDER BY number""",
        commendation_id,
    )
    return [Attribution(**dict(row)) for row in rows]


async def list_attachments(conn: Connection, commendation_id: UUID) -> list[str]:
    """What came with one, for who may see it."""
    return (
        await conn.fetchval(
            "SELECT attachments FROM commendations WHERE commendation_id = $1", commendation_id
        )
        or []
    )
