"""How far a relay is behind; whoever makes events by the thousand rests for as long as it is.

Only while the broker takes events: where it is away, they wait in the outbox, and nobody slows down
for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# From here on it rests, and from twice this age on for as long as it ever does: citizens are
# never refused, and the relay gets the processor.
EASY_SECONDS = 0.5
MOST_REST = 0.1


@dataclass
class Pace:
    """Of one process; `behind` in seconds."""

    behind: float = 0.0

    def leased(self, ages: Sequence[float], most: int) -> None:
        """What was leased, of at most so many: where that is all there was, nothing lies behind.

        The youngest counts, since one that nobody takes is leased again and again.
        """
        self.behind = min(ages) if len(ages) == most else 0.0

    @property
    def rest(self) -> float:
        """Seconds to wait before more events are made."""
        late = (self.behind - EASY_SECONDS) / EASY_SECONDS
        return MOST_REST * min(1.0, max(0.0, late))
