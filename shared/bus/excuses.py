"""How long an event is excused by the server's trouble, and from when it is its own fault."""

from uuid import UUID

from shared import faults

# So often an event is excused while others of its service are handled; from then on it is its own
# fault, whatever code the server gives it (a full quota of one table, a trigger's own words).
EXCUSES = 30


class Excuses:
    """What one service's events were excused; `handled` counts those that were handled."""

    def __init__(self) -> None:
        self.handled = 0
        self._told: dict[UUID, tuple[int, int]] = {}

    def one(self, event_id: UUID, error: Exception) -> bool:
        """Whether it may still be the server's fault; a lock that others hold always is."""
        if isinstance(error, faults.CONTENDED):
            return True
        times, handled = self._told.get(event_id, (0, self.handled))
        self._told[event_id] = (times + 1, handled)
        return times < EXCUSES or self.handled == handled

    def forget(self, event_id: UUID) -> None:
        """It was handled, or is parked."""
        self._told.pop(event_id, None)
