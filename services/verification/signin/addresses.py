"""What each address has failed at, in the database, so that all instances know it; and how slow
this instance is to tell it."""

from datetime import datetime, timedelta

from services.verification.signin import rules
from services.verification.signin.store import failures
from shared.db import Database
from shared.values import clock

_MOST_REMEMBERED = 10_000


class Addresses:
    """Counts attempts by address; one that is over is not counted further, nor asked about."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._over: dict[str, tuple[float, datetime]] = {}

    async def count(self, address: str) -> float:
        """What the address has spent, this attempt included; see `rules.over`."""
        now = clock.now()
        if found := self._over.get(address):
            spent = rules.spent(*found, now) + 1
            if rules.over(spent):
                return spent
            del self._over[address]
        async with self._database.transaction() as conn:
            found = await failures.claim_address(conn, address, now)
            spent = rules.spent(*found, now) + 1
            if rules.over(spent):
                self._over[address] = found
            else:
                await failures.mark_address(conn, address, spent, now)
        return spent

    async def forgive(self, address: str) -> None:
        """The attempt was right after all."""
        async with self._database.acquire() as conn:
            await failures.forgive_address(conn, address)


class Slowness:
    """The more this process has refused an address lately, the later it says so the next time."""

    def __init__(self) -> None:
        self._refused: dict[str, tuple[float, datetime]] = {}

    def lateness(self, address: str) -> timedelta:
        """How late to tell one refusal more."""
        now = clock.now()
        before = rules.spent(*self._refused.get(address, (0.0, now)), now)
        self._refused[address] = (min(before + 1, rules.ADDRESS_MOST), now)
        if len(self._refused) > _MOST_REMEMBERED:
            self._refused = {a: r for a, r in self._refused.items() if rules.spent(*r, now)}
        return rules.lateness(before + 1)
