"""One errand for every call to a vendor: claim, commit, call, settle.

    claim ──commit──▶ call ──▶ settle ──commit──▶ done, or back off by the row's own due time
      ▲                          │
      └── pause: none, then one ─┴─ Held

No transaction is open while a vendor is called. Every instance of a service may run the same
errand: a claimed row carries its own lease, and whoever lost it changes nothing when settling.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from prometheus_client import Counter

from shared.db import Connection, Database
from shared.observe import log, spans
from shared.vendors import pauses
from shared.vendors.outcomes import Accepted, Done, Held, Outcome, kind


class Claimed(Protocol):
    """A row of work; its trace is continued."""

    @property
    def traceparent(self) -> str | None:
        """The trace of the event from which it came."""


Row = TypeVar("Row", bound=Claimed)


class NotCalled(Exception):
    """Raised by a call before anything left: settle with `outcome`, which is no vendor's word."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.code)
        self.outcome = outcome


@dataclass(frozen=True)
class Errand(Generic[Row]):
    """One kind of call to one vendor.

    claim   up to so many rows, leased, in a transaction that is then committed
    call    a row's call to the vendor, outside any transaction
    settle  what the outcome makes of the row, in a transaction of its own; a row that it returns
            goes on, once committed, to the errand `then`
    lease   how long a claim holds; a process that slept over it calls nobody
    pause   how long nothing is claimed after Held; afterwards one row is, to see, and all again
            once one was taken. The service has the table `vendor_pauses`.
    calls   counts outcomes by vendor, call and outcome
    """

    name: str
    vendor: str
    database: Database
    calls: Counter
    claim: Callable[[Connection, int], Awaitable[Sequence[Row]]]
    call: Callable[[Row], Awaitable[Outcome]]
    settle: Callable[[Connection, Row, Outcome], Awaitable[Row | None]]
    lease: timedelta
    then: "Errand[Row] | None" = None
    pause: timedelta | None = None
    at_once: int = 10

    async def run(self) -> int:
        """Work on what is due, all at once. How many rows were claimed."""
        until = self.deadline()
        async with self.database.transaction() as conn:
            claimed = await self.claim(conn, await self._room(conn))
        await each(claimed, lambda row: self.carry(row, until))
        return len(claimed)

    def deadline(self) -> float:
        """When a claim made now is certainly over, by the monotonic clock."""
        return time.monotonic() + self.lease.total_seconds()

    async def carry(self, row: Row, until: float) -> None:
        """Call about a claimed row and settle it, unless `until` has passed."""
        with spans.entering(f"{self.name} {self.vendor}", row.traceparent):
            if time.monotonic() >= until:
                log.get().warning("stale claim dropped", vendor=self.vendor, reason=self.name)
                return
            called, outcome = await self._call(row)
            async with self.database.transaction() as conn:
                more = await self.settle(conn, row, outcome)
                if called and self.pause:
                    await self._mind(conn, outcome, self.pause)
        if more is not None and self.then is not None:
            await self.then.carry(more, self.then.deadline())

    async def _room(self, conn: Connection) -> int:
        return await pauses.room(conn, self.vendor, self.at_once) if self.pause else self.at_once

    async def _call(self, row: Row) -> tuple[bool, Outcome]:
        try:
            outcome = await self.call(row)
        except NotCalled as error:
            return False, error.outcome
        self.calls.labels(self.vendor, self.name, kind(outcome)).inc()
        log.get().info(
            "vendor answered", vendor=self.vendor, outcome=kind(outcome), code=outcome.code
        )
        return True, outcome

    async def _mind(self, conn: Connection, outcome: Outcome, pause: timedelta) -> None:
        if isinstance(outcome, Held):
            await pauses.begin(conn, self.vendor, pause, outcome.code)
            log.get().error("vendor paused", vendor=self.vendor, code=outcome.code)
        elif isinstance(outcome, Accepted | Done):
            await pauses.end(conn, self.vendor)


async def each(rows: Sequence[Row], work: Callable[[Row], Awaitable[None]]) -> None:
    """All at once. One that fails does not disturb the others, and is raised after them."""
    ended = await asyncio.gather(*map(work, rows), return_exceptions=True)
    for failed in filter(None, ended):
        raise failed
