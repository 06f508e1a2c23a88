"""How often something may happen from one place, within a window that its first time begins."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Limit:
    """At most so often in the window."""

    name: str
    most: int
    window: timedelta


@dataclass(frozen=True)
class Counted:
    """How often it has happened so far, and when that is forgotten (None: it never happened)."""

    limit: Limit
    number: int = 0
    until: datetime | None = None

    @property
    def used_up(self) -> bool:
        """It may not happen once more."""
        return self.number >= self.limit.most

    @property
    def over(self) -> bool:
        """It has happened more often than it may."""
        return self.number > self.limit.most

    def after(self, now: datetime) -> timedelta:
        """How long until all is forgotten; at least a second."""
        return max((self.until or now) - now, timedelta(seconds=1))
