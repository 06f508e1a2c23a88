"""Who computes next where one computation is slow: a bounded line, in which addresses take turns.

Whoever is known goes first. Of strangers each address has so many places and no more, so that one
that sends a hundred attempts waits for itself, and the next address for one of them at most.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from shared.errors import TooMany, Unavailable

KNOWN = ""
EACH, MOST = 4, 64
BUSY = "refused.sign_in_busy"
_SOON = timedelta(seconds=2)


class Line:
    """One process's line; `at_once` compute at the same time."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._places: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def busy(self) -> bool:
        """Whether whoever comes now must wait."""
        return self._free == 0

    @contextmanager
    def place(self, whose: str) -> Iterator[None]:
        """A place to wait in. TooMany if the address has all of its own; else Unavailable."""
        if self._places[whose] >= (MOST if whose == KNOWN else EACH):
            raise TooMany(BUSY, _SOON)
        if self._strangers() >= MOST and whose != KNOWN:
            raise Unavailable(BUSY)
        self._places[whose] += 1
        try:
            yield
        finally:
            self._places[whose] -= 1
            self._places += Counter()  # drops those that are at zero

    def _strangers(self) -> int:
        return self._places.total() - self._places[KNOWN]

    @asynccontextmanager
    async def turn(self, whose: str) -> AsyncIterator[None]:
        """Wait until it is `whose` turn, and hand on afterwards."""
        await self._take(whose)
        try:
            yield
        finally:
            self._give()

    async def _take(self, whose: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            turn = self._next()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _next(self) -> asyncio.Future[None]:
        whose = KNOWN if KNOWN in self._waiting else next(iter(self._waiting))
        theirs = self._waiting.pop(whose)
        turn = theirs.popleft()
        if theirs:
            self._waiting[whose] = theirs  # behind the other addresses
        return turn
