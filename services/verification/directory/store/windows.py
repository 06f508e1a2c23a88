"""What a unit's windows are called, and what is done at each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection


@dataclass(frozen=True)
class StoredWindow:
    """One window, by its number on the poster."""

    counter: int
    name: str
    matters: tuple[str, ...]
    active: bool
    version: int
    changed_by: str
    changed_at: datetime


_LIST = """
    SELECT counter, name, matters, active, version, changed_by, changed_at FROM windows
    WHERE unit_code = $1 ORDER BY counter
"""
_PUT = """
    INSERT INTO windows (unit_code, counter, name, matters, active, version, changed_by)
    SELECT $1, $2, $3, $4, $5, 1, $7 WHERE $6 = 0
    ON CONFLICT (unit_code, counter) DO NOTHING RETURNING version
"""
_CHANGE = """
    UPDATE windows SET name = $3, matters = $4, active = $5, version = version + 1,
        changed_by = $7, changed_at = mashang_now()
    WHERE unit_code = $1 AND counter = $2 AND version = $6 RETURNING version
"""


async def list_windows(conn: Connection, unit_code: str) -> dict[int, StoredWindow]:
    """Those of a unit that somebody has named, by number."""
    rows = await conn.fetch(_LIST, unit_code)
    return {
        row["counter"]: StoredWindow(**dict(row) | {"matters": tuple(row["matters"])})
        for row in rows
    }


async def put_window(
    conn: Connection, unit_code: str, counter: int, name: str, matters: Sequence[str],
    *, active: bool, seen: int, by: str,
) -> bool:  # fmt: skip
    """The next version of what was `seen` (0 for none); False if somebody was faster."""
    statement = _CHANGE if seen else _PUT
    values = (unit_code, counter, name, list(matters), active, seen, by)
    return await conn.fetchval(statement, *values) is not None
