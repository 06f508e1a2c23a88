"""The place behind a window's code, with its name as the directory has it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from services.intake.accept.acceptance import Acceptance
from services.intake.accept.codes import UnitCode
from services.intake.accept.store import units
from services.intake.accept.store.units import Unit
from shared.db import Database
from shared.errors import Invalid, Unavailable
from shared.patience import within

PATIENCE = 0.8
# Where a Chinese office's name breaks: behind the bureau's.
_BUREAU = "局"


@dataclass(frozen=True)
class Window:
    """The place that a genuine code names; `officers` are badge → name of who serves there."""

    code: str
    name: str
    counter: int | None
    active: bool
    parent: str = ""
    counters: int = 0
    matters: tuple[str, ...] = ()
    officers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> tuple[str, str]:
        """Its name in two parts, the smaller one first: the bureau, or the place above, and it."""
        bureau, mark, own = self.name.rpartition(_BUREAU)
        return (bureau + mark, own) if mark and len(own) > 1 else (self.parent, self.name)


Known = tuple[Unit, dict[str, str]] | None


@dataclass(frozen=True)
class Windows:
    """Reads them, and remembers units for as long as the database does not answer."""

    acceptance: Acceptance
    database: Database
    _last: dict[str, Known] = field(default_factory=dict, init=False)

    async def find(self, code: str) -> Window | None:
        """The window; None if the code is not genuine. As last seen if the database is away."""
        named = self._named(code)
        if named is None:
            return None
        with suppress(Unavailable):
            self._last[named.unit_code] = await within(PATIENCE, self._unit(named.unit_code))
        return self.recall(code)

    async def of(self, unit_code: str, counter: int | None) -> Window | None:
        """The window at which something was handed in."""
        return await self.find(self.acceptance.code_of(unit_code, counter))

    def recall(self, code: str) -> Window | None:
        """The window as it was last seen, without asking the database."""
        named = self._named(code)
        if named is None:
            return None
        known = self._last.get(named.unit_code)
        if known is None:
            # Until the directory has named the unit, its code stands for the name.
            return Window(named.code, named.unit_code, named.counter, active=True)
        unit, officers = known
        return Window(
            named.code, unit.name, named.counter, unit.active, unit.parent, unit.counters,
            unit.matters, officers,
        )  # fmt: skip

    def _named(self, code: str) -> UnitCode | None:
        try:
            return self.acceptance.unit_of(code)
        except Invalid:
            return None

    async def _unit(self, unit_code: str) -> Known:
        async with self.database.acquire() as conn:
            return await units.get_window(conn, unit_code)
