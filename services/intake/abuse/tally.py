"""The counts as this process knows them, so that nobody who sends waits for a look at the table.

    add ──▶ what I know of it + 1      share (each second) ──▶ the table adds mine to everybody's,
                                                             and says what it comes to

So one process is exact, and several are a second behind one another.
"""

from collections.abc import Mapping

from services.intake.abuse.limits import Limit

Place = tuple[str, str]
# How many places are told to the table at a time.
MOST = 5000


class Tally:
    """How often each limited thing happened in its present window. Times are epoch seconds."""

    def __init__(self) -> None:
        self._known: dict[Place, tuple[int, float]] = {}
        self._new: dict[Place, tuple[int, float]] = {}

    def add(self, limit: Limit, key: str, now: float) -> int:
        """It happened once more; how often by now."""
        place, window = (limit.name, key), limit.window.total_seconds()
        number, until = self._known.get(place, (0, 0.0))
        if until <= now:
            number, until = 0, now + window
        self._known[place] = number + 1, until
        self._new[place] = self._new.get(place, (0, window))[0] + 1, window
        return number + 1

    def look(self, limit: Limit, key: str, now: float) -> int:
        """How often it happened so far, counting nothing."""
        number, until = self._known.get((limit.name, key), (0, 0.0))
        return number if until > now else 0

    def take(self) -> dict[Place, tuple[int, float]]:
        """What was not shared yet, as (how often, the window's seconds); it is no longer new."""
        taken = dict(list(self._new.items())[:MOST])
        for place in taken:
            del self._new[place]
        return taken

    def give_back(self, taken: dict[Place, tuple[int, float]]) -> None:
        """It could not be shared."""
        for place, (number, window) in taken.items():
            self._new[place] = self._new.get(place, (0, window))[0] + number, window

    def learn(self, told: Mapping[Place, tuple[int, float]]) -> None:
        """What the table says, as (how often, until when)."""
        for place, (number, until) in told.items():
            mine, _ = self._new.get(place, (0, 0.0))
            self._known[place] = number + mine, until

    def forget(self, now: float) -> None:
        """Windows that are over."""
        over = [place for place, (_, until) in self._known.items() if until <= now]
        for place in over:
            del self._known[place]
