"""The directory's history: what each thing was, what it is since, who changed it and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.db import Connection

Kind = Literal["places", "units", "officers", "operators"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Noted:
    """What was noted of a change; `was` is None for what is new, `changed_by` for the command line.

    `undone_by` is the change that took it back.
    """

    change_id: int
    code: str
    version: int
    was: Row | None
    now: Row
    changed_by: str | None
    changed_at: datetime
    undoes: int | None
    undone_by: int | None


@dataclass(frozen=True)
class Change(Noted):
    """One of a thing that has a page of its own."""

    kind: Kind


_COLUMNS = """c.change_id, c.code, c.version, c.was, c.now, c.changed_by, c.changed_at,
    c.undoes, u.change_id AS undone_by"""
_FROM = """FROM directory_changes c
    LEFT JOIN directory_changes u ON (u.kind, u.code, u.undoes) = (c.kind, c.code, c.change_id)"""
_ADD = """
    INSERT INTO directory_changes (kind, code, version, places, was, now, changed_by, undoes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def add_change(
    conn: Connection, kind: Kind | Literal["windows"], code: str, version: int,
    places: Sequence[str | None], was: Row | None, now: Row, by: str | None, undoes: int | None,
) -> None:  # fmt: skip
    """Note a change; `places` are where the thing was and is."""
    told = list(dict.fromkeys(filter(None, places)))
    await conn.execute(_ADD, kind, code, version, told, was, now, by, undoes)


async def list_changes(
    conn: Connection, kind: Kind, code: str, limit: int, before: int | None = None
) -> list[Change]:
    """Of one thing, the newest first; `before` is the version after those that are wanted."""
    rows = await conn.fetch(
        f"""SELECT c.kind, {_COLUMNS} {_FROM}
            WHERE c.kind = $1 AND c.code = $2 AND ($3::int IS NULL OR c.version < $3)
            ORDER BY c.version DESC LIMIT $4""",
        kind, code, before, limit,
    )  # fmt: skip
    return [Change(**dict(row)) for row in rows]


async def list_of_windows(conn: Connection, unit_code: str, limit: int) -> list[Noted]:
    """Of a unit's windows together, the newest first."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} {_FROM} WHERE c.kind = 'windows' AND c.places = ARRAY[$1::text]
            ORDER BY c.change_id DESC LIMIT $2""",
        unit_code, limit,
    )  # fmt: skip
    return [Noted(**dict(row)) for row in rows]


async def get_change(conn: Connection, change_id: int) -> Change | None:
    """One of them; a window has no page of its own."""
    row = await conn.fetchrow(
        f"SELECT c.kind, {_COLUMNS} {_FROM} WHERE c.change_id = $1 AND c.kind <> 'windows'",
        change_id,
    )
    return Change(**dict(row)) if row else None
