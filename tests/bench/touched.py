"""What each statement of a service touches: blocks and rows, which no other load can change.

PostgreSQL counts for each table and index how many blocks and entries a transaction asks for. A
connection that is `Touched` looks there before and after every statement, whoever sends it. What
only reads can be asked seven times when it is first seen, since from the sixth on the plan may be
one for any value.
"""

import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import asyncpg

from shared.db import ROOT
from shared.holding import Holding

TIMES = 7
_TOUCHED = """
    SELECT oid::regclass::text, pg_stat_get_xact_blocks_fetched(oid),
        pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid)
    FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'i', 't', 'm')
        AND (pg_stat_get_xact_blocks_fetched(oid) > 0 OR pg_stat_get_xact_tuples_returned(oid) > 0)
"""
_WRITES = re.compile(
    r"\b(INSERT INTO|DELETE FROM|UPDATE\s+[a-z_.]+\s+(AS\s+\w+\s+|\w+\s+)?SET|setval)\b"
)
_READS = re.compile(r"\s*(SELECT|WITH)\b")
_COUNTED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b")
_OWN = ("services/", "shared/")
_NOT = ("shared/db.py", "shared/holding.py")


@dataclass(frozen=True)
class Told:
    """A statement as it went once: milliseconds, and by table or index blocks and rows."""

    ms: float
    by: dict[str, tuple[int, int]]

    @property
    def blocks(self) -> int:
        """All together."""
        return sum(blocks for blocks, _ in self.by.values())

    @property
    def rows(self) -> int:
        """Entries of tables and indexes that were looked at."""
        return sum(rows for _, rows in self.by.values())


# It was not done within its time.
GAVE_UP = Told(float("inf"), {"?": (sys.maxsize, sys.maxsize)})


@dataclass(frozen=True)
class Said:
    """A statement, and from where it was sent: a module of ours and its function."""

    where: str
    sql: str

    def __str__(self) -> str:
        return f"{self.where}: {' '.join(self.sql.split())[:60]}"


@dataclass
class Meter:
    """The most that each statement touched, since it was set back."""

    most: dict[Said, Told] = field(default_factory=dict)
    seen: set[tuple[int, str]] = field(default_factory=set)
    often: int = 0

    def note(self, said: Said, told: Told) -> None:
        """One more."""
        before = self.most.get(said)
        if before is None or (told.rows, told.blocks) > (before.rows, before.blocks):
            self.most[said] = told

    def begin(self, often: int) -> None:
        """From now on; what only reads is asked so often when it is first seen."""
        self.most, self.seen, self.often = {}, set(), often

    def end(self) -> dict[Said, Told]:
        """What was noted since."""
        self.often = 0
        return self.most


class Touched(Holding):
    """A connection that tells a meter of each statement."""

    meter: ClassVar[Meter] = Meter()
    last: dict[str, tuple[int, int]] | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """With no arguments it goes another way than everything else."""
        plain = super().execute
        if args:
            return await plain(query, *args, timeout=timeout)
        self.last = None
        told: str = await self._counted(query, lambda: plain(query, timeout=timeout))
        return told

    async def _execute(self, query: str, *args: Any, **how: Any) -> Any:
        plain = super()._execute  # type: ignore[misc]
        return await self._counted(query, lambda: plain(query, *args, **how))

    async def _executemany(self, query: str, *args: Any, **how: Any) -> Any:
        plain = super()._executemany  # type: ignore[misc]
        return await self._counted(query, lambda: plain(query, *args, **how))

    async def _counted(self, query: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        if not (self.meter.often and _COUNTED.match(query)):
            return await ask()
        own = self.transaction() if not self.is_in_transaction() else None
        said = Said(_where(), query)
        if own:
            await own.start()
        try:
            for _ in range(self._often(query) - 1):
                await ask()
                self.last = None
            before = self.last if self.last is not None else await self._touched()
            began = time.perf_counter()
            answer = await ask()
            spent = 1000 * (time.perf_counter() - began)
            after = self.last = await self._touched()
        except asyncpg.QueryCanceledError:
            self.meter.note(said, GAVE_UP)
            if own:
                await own.rollback()
            raise
        except BaseException:
            if own:
                await own.rollback()
            raise
        if own:
            await own.commit()
        self.meter.note(said, Told(spent, _between(before, after)))
        return answer

    def _often(self, query: str) -> int:
        if (id(self), query) in self.meter.seen:
            return 1
        self.meter.seen.add((id(self), query))
        return self.meter.often if _READS.match(query) and not _WRITES.search(query) else 1

    async def _touched(self) -> dict[str, tuple[int, int]]:
        rows = await super()._execute(_TOUCHED, (), 0, None)  # type: ignore[misc]
        return {name: (blocks, entries) for name, blocks, entries in rows}


def _between(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    changed = {}
    for name, (blocks, rows) in after.items():
        had = before.get(name, (0, 0))
        if (blocks, rows) != had:
            changed[name] = (blocks - had[0], rows - had[1])
    return changed


def _where() -> str:
    frame = sys._getframe(1)
    while frame := frame.f_back:  # type: ignore[assignment]
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT):
            own = str(path.relative_to(ROOT))
            if own.startswith(_OWN) and own not in _NOT:
                return f"{own}:{frame.f_code.co_name}"
    return "?"
