"""What a unit's windows are called, and what is done at each."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from shared.db import Connection


@dataclass(frozen=True)
class Window:
    """One window, by its number on the poster; `version` is 0 before anybody has named it."""

    counter: int
    name: str
    matters: tuple[str, ...]
    active: bool
    version: int


@dataclass(frozen=True)
class UnitWindow(Window):
    """It, and whose it is."""

    unit_code: str

    @property
    def window(self) -> Window:
        """It alone."""
        return Window(self.counter, self.name, self.matters, self.active, self.version)


@dataclass(frozen=True)
class StoredWindow:
    """It, and who changed it last."""

    window: Window
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
    return {row["counter"]: StoredWindow(_window(row), row["changed_by"], row["changed_at"])
            for row in rows}  # fmt: skip


async def list_all(conn: Connection) -> dict[str, UnitWindow]:
    """Every window that somebody has named, by `<unit>/<number>`."""
    rows = await conn.fetch(
        "SELECT counter, name, matters, active, version, unit_code FROM windows"
    )
    values = (dict(row) | {"matters": tuple(row["matters"])} for row in rows)
    found = (UnitWindow(**one) for one in values)
    return {f"{one.unit_code}/{one.counter}": one for one in found}


def _window(row: Record) -> Window:
    matters = tuple(row["matters"])
    return Window(row["counter"], row["name"], matters, row["active"], row["version"])


async def put_window(conn: Connection, unit_code: str, window: Window, by: str) -> bool:
    """Stored as its version; False unless what is there is the version before."""
    seen = window.version - 1
    values = (unit_code, window.counter, window.name, list(window.matters), window.active, seen, by)
    return await conn.fetchval(_CHANGE if seen else _PUT, *values) is not None
