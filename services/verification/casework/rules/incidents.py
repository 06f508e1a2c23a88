"""Which cases may belong to one incident: those of one unit, within a few days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared import policy
from shared.errors import Wrong
from shared.events import IncidentChanged


@dataclass(frozen=True)
class Member:
    """A case of an incident; `incident_version` counts how often it has changed its incident."""

    case_id: UUID
    incident_id: UUID
    incident_version: int
    unit_code: str
    received_at: datetime


@dataclass(frozen=True)
class Change:
    """A case, the one that it is to belong with (itself: to stand apart), and all of their cases.

    `members` are the cases of both incidents: what belongs to the case goes along when it joins.
    """

    case_id: UUID
    named: UUID
    members: Sequence[Member]

    @property
    def is_split(self) -> bool:
        """Whether the case leaves alone, for an incident of its own."""
        return self.case_id == self.named

    @property
    def is_so(self) -> bool:
        """Whether it would change nothing."""
        if self.is_split:
            return len(self.members) == 1
        return self._incident_of(self.case_id) == self._incident_of(self.named)

    @property
    def moved(self) -> tuple[UUID, ...]:
        """The cases that change their incident."""
        if self.is_split:
            return (self.case_id,)
        own = self._incident_of(self.case_id)
        return tuple(m.case_id for m in self.members if m.incident_id == own)

    def target(self, fresh: UUID) -> UUID:
        """The incident to which they come; `fresh` where one leaves."""
        return fresh if self.is_split else self._incident_of(self.named)

    def _incident_of(self, case_id: UUID) -> UUID:
        return next(m.incident_id for m in self.members if m.case_id == case_id)

    def wrong(self, rule: policy.Incident) -> Wrong | None:
        """Why it cannot be.

        The days are counted over all cases of both incidents, so that no chain of neighbours makes
        one incident of a whole year.
        """
        if self.named not in {m.case_id for m in self.members}:
            return Wrong("incident", "incident_unknown")
        if len({m.unit_code for m in self.members}) > 1:
            return Wrong("incident", "incident_unknown")
        times = [m.received_at for m in self.members]
        if not self.is_split and max(times) - min(times) > timedelta(days=rule.days):
            return Wrong("incident", "incident_too_far", days=rule.days)
        return None


def changed(member: Member, at: datetime) -> IncidentChanged:
    """The event that tells of it; the member is as the change made it."""
    return IncidentChanged.of(member, version=member.incident_version, changed_at=at)
