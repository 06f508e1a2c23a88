"""The vendors' statements of the last days, where a vendor hands them out: fetched once a day.

Every instance runs it; a day is leased before the vendor is asked, and no transaction is open then.
What a vendor hands to no program is noted as lacking, until a person takes its file in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.rewards.commands import import_statement
from services.rewards.providers.protocol import Airtime, NotAStatement
from services.rewards.store import reconciliations
from shared.db import Database
from shared.observe import log
from shared.values import clock

# A statement is there an hour after its day, is asked for hourly, and for a week.
AFTER = timedelta(hours=1)
AGAIN = timedelta(hours=1)
# Where a person takes it in, a day is looked for daily.
BY_HAND = timedelta(days=1)
DAYS = timedelta(days=7)


@dataclass(frozen=True)
class Fetching:
    """The daily look."""

    database: Database
    vendors: Sequence[Airtime]

    async def run(self) -> int:
        """How many statements came."""
        return sum([await self._of(vendor) for vendor in self.vendors])

    async def _of(self, vendor: Airtime) -> int:
        last = clock.service_day(clock.now() - AFTER) - timedelta(days=1)
        again = AGAIN if vendor.hands_out else BY_HAND
        async with self.database.transaction() as conn:
            day = await reconciliations.claim_day(conn, vendor.name, last - DAYS, last, again)
        if day is None:
            return 0
        raw = await vendor.fetch_statement(day) if vendor.hands_out else None
        said = _none(vendor, day) if raw is None else await self._take(vendor.name, raw, day)
        async with self.database.transaction() as conn:
            await reconciliations.mark_said(conn, vendor.name, day, said)
        return int(raw is not None)

    async def _take(self, vendor: str, raw: bytes, day: date) -> str:
        try:
            async with self.database.transaction() as conn:
                done = await import_statement(
                    conn, vendor, raw, day, source="vendor", actor="system"
                )
        except NotAStatement as bad:
            log.get().error("statement unreadable", vendor=vendor, error=str(bad)[:500])
            return "unreadable"
        if done.differences:
            log.get().error("statement differs", vendor=vendor, count=done.differences)
        return "taken"


def _none(vendor: Airtime, day: date) -> str:
    """Not yet, or never: then it is for a person."""
    if vendor.hands_out:
        return "none"
    log.get().info("statement to upload", vendor=vendor.name, day=day.isoformat())
    return "upload"
