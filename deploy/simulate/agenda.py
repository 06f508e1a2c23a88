"""What will happen when: acts by moment, each with the services that it needs to be up."""

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

Act = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Outage:
    """From when to when some services are away."""

    begins: datetime
    ends: datetime
    services: frozenset[str]


@dataclass(order=True)
class Entry:
    """An act; of two at one moment, the one that was planned first."""

    at: datetime
    number: int
    act: Act = field(compare=False)
    needs: str = field(compare=False, default="")


class Agenda:
    """The next is always the earliest."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._numbers = count()

    def plan(self, at: datetime, act: Act, needs: str = "") -> None:
        """Do it then; while the service that it needs is away, it waits."""
        heapq.heappush(self._entries, Entry(at, next(self._numbers), act, needs))

    def next_until(self, end: datetime) -> Entry | None:
        """The next one before `end`, taken off."""
        if self._entries and self._entries[0].at < end:
            return heapq.heappop(self._entries)
        return None

    def __len__(self) -> int:
        return len(self._entries)
