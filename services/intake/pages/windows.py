"""The place behind a window's code, with its name as the directory has it."""

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


@dataclass(frozen=True)
class Window:
    """The place that a genuine code names."""

    code: str
    name: str
    counter: int | None
    active: bool


@dataclass(frozen=True)
class Windows:
    """Reads them, and remembers units for as long as the database does not answer."""

    acceptance: Acceptance
    database: Database
    _last: dict[str, Unit | None] = field(default_factory=dict, init=False)

    async def find(self, code: str) -> Window | None:
        """The window; None if the code is not genuine. As last seen if the database is away."""
        named = self._named(code)
        if named is None:
            return None
        with suppress(Unavailable):
            self._last[named.unit_code] = await within(PATIENCE, self._unit(named.unit_code))
        return self.recall(code)

    def recall(self, code: str) -> Window | None:
        """The window as it was last seen, without asking the database."""
        named = self._named(code)
        if named is None:
            return None
        # Until the directory has named the unit, its code stands for the name.
        unit = self._last.get(named.unit_code)
        name, active = (unit.name, unit.active) if unit else (named.unit_code, True)
        return Window(named.code, name, named.counter, active)

    def _named(self, code: str) -> UnitCode | None:
        try:
            return self.acceptance.unit_of(code)
        except Invalid:
            return None

    async def _unit(self, unit_code: str) -> Unit | None:
        async with self.database.acquire() as conn:
            return await units.get(conn, unit_code)
