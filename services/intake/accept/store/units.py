"""The units as the directory last told them."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.db import Connection
from shared.events import UnitChanged


@dataclass(frozen=True)
class Unit:
    """A service window's office, as far as citizens see it."""

    code: str
    name: str
    parent: str
    active: bool
    counters: int = 0
    matters: tuple[str, ...] = ()


async def put(conn: Connection, event: UnitChanged) -> bool:
    """Take over a unit; False when a later version is here already."""
    done = await conn.fetchval(
        """
        INSERT INTO units (code, name, parent, active, version, counters, matters, kind,
                           path)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT ON CONSTRAINT units_pkey DO UPDATE
        SET name = excluded.name, parent = excluded.parent, active = excluded.active,
            version = excluded.version, counters = excluded.counters, matters = excluded.matters,
            kind = excluded.kind, path = excluded.path
        WHERE units.version < excluded.version
        RETURNING true
        """,
        event.unit_code, event.name, event.parent, event.active, event.version, event.counters,
        event.matters, event.kind, event.path,
    )  # fmt: skip
    return bool(done)


async def get(conn: Connection, code: str) -> Unit | None:
    """One unit, or None while the directory has not named it."""
    row = await conn.fetchrow(
        "SELECT code, name, parent, active, counters, matters FROM units WHERE code = $1", code
    )
    return Unit(**dict(row) | {"matters": tuple(row["matters"])}) if row else None


async def get_window(conn: Connection, code: str) -> tuple[Unit, dict[str, str]] | None:
    """A unit, with badge → name of who serves there; None while the directory has not named it."""
    row = await conn.fetchrow(
        """
        SELECT code, name, parent, active, counters, matters, badges, names FROM units,
            LATERAL (SELECT array_agg(badge ORDER BY badge) AS badges,
                            array_agg(o.name ORDER BY badge) AS names
                     FROM officers o WHERE o.unit_code = code AND o.active) AS serving
        WHERE code = $1
        """,
        code,
    )
    if row is None:
        return None
    serving = dict(zip(row["badges"] or (), row["names"] or (), strict=True))
    own = {name: row[name] for name in ("code", "name", "parent", "active", "counters")}
    return Unit(**own, matters=tuple(row["matters"])), serving


async def list_closed(conn: Connection) -> frozenset[str]:
    """The codes of the units that take nothing in any more."""
    rows = await conn.fetch("SELECT code FROM units WHERE NOT active")
    return frozenset(row["code"] for row in rows)


async def list_open(conn: Connection) -> list[Unit]:
    """The units that take something in, by their codes."""
    rows = await conn.fetch(
        "SELECT code, name, parent, active FROM units WHERE active ORDER BY code"
    )
    return [Unit(**dict(row)) for row in rows]


async def list_below(conn: Connection, scope: str) -> list[Unit]:
    """The open units at or below a place, by their names."""
    rows = await conn.fetch(
        """
        SELECT code, name, parent, active FROM units
        WHERE active AND (code = $1 OR path @> ARRAY[$1]) ORDER BY name, code
        """,
        scope,
    )
    return [Unit(**dict(row)) for row in rows]


async def find(conn: Connection, words: Sequence[str], scope: str, most: int) -> list[Unit]:
    """The open units of which code, name or the place above have all of these words.

    Those at or below `scope` stand first, and are all there are where nothing is sought.
    """
    rows = await conn.fetch(
        """
        SELECT code, name, parent, active FROM units,
            LATERAL (SELECT code = $2 OR path @> ARRAY[$2] AS own) AS near
        WHERE active AND (own OR cardinality($1::text[]) > 0)
          AND NOT EXISTS (SELECT FROM unnest($1::text[]) AS word
                          WHERE position(lower(word) IN lower(concat_ws(' ', code, parent, name)))
                              = 0)
        ORDER BY own DESC, name, code LIMIT $3
        """,
        words, scope, most,
    )  # fmt: skip
    return [Unit(**dict(row)) for row in rows]
