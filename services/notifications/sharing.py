"""Several vendors at once: the same jobs for each, and the shares by which new SMS go to them.

A message is given to one vendor and stays its own: the others hear of it only once that one has
certainly not sent it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.notifications import metrics
from services.notifications.jobs import BATCH, Deliveries
from services.notifications.rules.shares import Share, Tried, choose, lot_of, moved
from services.notifications.store import shares
from shared.db import Connection, Database
from shared.observe import log


@dataclass(frozen=True)
class Several:
    """The vendors in use by name, and where their shares rest (of a hundred; 0: old ones only)."""

    database: Database
    each: Mapping[str, Deliveries]
    resting: Mapping[str, int]

    @property
    def takers(self) -> list[str]:
        """Who takes new SMS."""
        return [name for name, points in self.resting.items() if points]

    async def send_queued(self) -> int:
        """How many messages were sent, by all."""
        if len(self.takers) > 1:
            async with self.database.transaction() as conn:
                held = await self._shares(conn)
                await shares.assign(conn, self.takers, BATCH * len(self.takers), _chooser(held))
        return sum([await self.each[name].send_queued() for name in self.takers])

    async def query_due(self) -> int:
        """How many messages were asked about, each its own vendor."""
        return sum([await one.query_due() for one in self.each.values()])

    async def move_shares(self) -> None:
        """By what became of calls lately. Of two instances the second finds them just moved."""
        async with self.database.transaction() as conn:
            await shares.lock(conn)
            held, still = await shares.get(conn)
            if not _fits(held, self.resting):
                after = self._at_rest()
            else:
                records = await shares.get_records(conn)
                after = list(moved(held, records, still))
            if after != held:
                await shares.save(conn, after)
                told = ", ".join(f"{share.vendor} {share.points}" for share in after)
                log.get().warning("shares of SMS vendors moved", reason=told)
        for share in after:
            metrics.SHARES.labels(share.vendor).set(share.points / 100)

    async def _shares(self, conn: Connection) -> list[Share]:
        held, _ = await shares.get(conn)
        return held if _fits(held, self.resting) else self._at_rest()

    def _at_rest(self) -> list[Share]:
        return [Share(name, points, points) for name, points in sorted(self.resting.items())]


def _fits(held: list[Share], resting: Mapping[str, int]) -> bool:
    return {share.vendor: share.resting for share in held} == dict(resting)


def _chooser(held: list[Share]) -> Callable[[UUID, int, Tried], str | None]:
    def chosen(message_id: UUID, attempt: int, tried: Tried) -> str | None:
        return choose(held, tried.all, lot_of(message_id, attempt))

    return chosen
