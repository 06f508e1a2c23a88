"""Mismatches and what people said to end them; both only ever grow."""

from typing import Any
from uuid import UUID

from services.rewards.rules.mismatches import Mismatch
from shared.db import Connection

_SHOWN = """
    SELECT m.mismatch_id, m.kind, m.vendor, m.order_id, m.other_order_id, m.reward_id, m.facts,
           m.found_at, r.username AS resolved_by, r.note, r.made_at AS resolved_at
    FROM mismatches m LEFT JOIN mismatch_resolutions r USING (mismatch_id)
"""
_ADD = """
    INSERT INTO mismatches (kind, vendor, order_id, reward_id, other_order_id, facts, found_at)
    VALUES ($1, $2, $3, $4, $5, $6, mashang_now()) ON CONFLICT DO NOTHING RETURNING true
"""
_PAGE = f"""
    {_SHOWN} WHERE ($1::bigint IS NULL OR m.mismatch_id < $1)
      AND ($2 = 'all' OR (r.mismatch_id IS NULL) = ($2 = 'open'))
    ORDER BY m.mismatch_id DESC LIMIT $3
"""


async def add(conn: Connection, found: Mismatch) -> bool:
    """Keep one; False if it is known."""
    row = (found.kind, found.vendor, found.order_id, found.reward_id, found.other_order_id)
    return await conn.fetchval(_ADD, *row, dict(found.facts)) is True


async def list_page(
    conn: Connection, before: int | None, show: str, limit: int
) -> list[dict[str, Any]]:
    """Those that the operator may see, newest first: `open`, `resolved` or `all`."""
    return [dict(row) for row in await conn.fetch(_PAGE, before, show, limit)]


async def get(conn: Connection, mismatch_id: int) -> dict[str, Any] | None:
    """One of them."""
    row = await conn.fetchrow(f"{_SHOWN} WHERE m.mismatch_id = $1", mismatch_id)
    return dict(row) if row else None


async def list_of(conn: Connection, reward_id: UUID) -> list[dict[str, Any]]:
    """Those of a reward, oldest first."""
    rows = await conn.fetch(f"{_SHOWN} WHERE m.reward_id = $1 ORDER BY m.mismatch_id", reward_id)
    return [dict(row) for row in rows]


async def add_resolution(conn: Connection, mismatch_id: int, username: str, note: str) -> bool:
    """A person's word that it is settled; False if somebody was first."""
    done = await conn.fetchval(
        """INSERT INTO mismatch_resolutions (mismatch_id, username, note, made_at)
           VALUES ($1, $2, $3, mashang_now()) ON CONFLICT DO NOTHING RETURNING true""",
        mismatch_id,
        username,
        note,
    )
    return done is True
