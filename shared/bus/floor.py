"""Where the relay begins to look: a hint, never a cursor.

Rows that were leased and deleted stay in the index for as long as a long snapshot (a backup, an
analyst) may see them, and whoever looks from the beginning walks over all of them. So the relay
looks above what it leased last. A transaction that commits late may lie below, so it also looks
from the beginning: at once where that costs nothing, and else so often that it takes a tenth of
the time.
"""

import time

BEGINNING = 0
SHARE = 9  # pauses for so many times what a look from the beginning took


class Floor:
    """Of one relay on one connection."""

    def __init__(self) -> None:
        self._seq = BEGINNING
        self._sweep_at = 0.0
        self._owes_sweep = False

    def begin(self) -> int:
        """The lowest seq to look at now."""
        return BEGINNING if time.monotonic() >= self._sweep_at else self._seq

    def looked(self, begun_at: int, last: int | None, seconds: float) -> None:
        """A look ended: where it began, the last seq that it leased, how long it took."""
        self._owes_sweep = begun_at != BEGINNING
        if not self._owes_sweep:
            self._sweep_at = time.monotonic() + SHARE * seconds
        if last is not None:
            self._seq = max(self._seq, last + 1)

    def at_most(self, pause: float) -> float:
        """The pause, or less where something may lie below the last look."""
        return (
            min(pause, max(0.0, self._sweep_at - time.monotonic())) if self._owes_sweep else pause
        )
