"""Strikes and points that may still fall: an officer may appeal, or has appealed (rule 15)."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.scoring.rules.values import Appeal, Fact
from shared.policy import Policies, promises

# As long as an appeal waits, nobody knows when.
OPEN = datetime.max.replace(tzinfo=UTC)


def firm_at(
    facts: Iterable[Fact], appeals: Collection[Appeal], policies: Policies
) -> datetime | None:
    """When the last of the strikes in these cases is no longer provisional; OPEN by an appeal.

    An incident of which one mark is firm is a strike whatever becomes of its others. An appeal that
    was answered leaves none to be made, but the time is not shortened by it.
    """
    incidents: dict[UUID, datetime] = {}
    for fact in facts:
        until = promises.appealable_until(fact.verified_at, policies.at(fact.received_at))
        if any(appeal.holds(fact) for appeal in appeals):
            until = OPEN
        incidents[fact.incident_id] = min(until, incidents.get(fact.incident_id, until))
    return max(incidents.values(), default=None)


def appealable_since(policies: Policies, now: datetime) -> datetime:
    """When a verdict at the earliest came that may still be appealed against, by any policy."""
    since = now
    while any(now < promises.appealable_until(since, one) for one in policies.editions):
        since -= timedelta(days=1)
    return since


def open_cases(
    facts: Iterable[Fact], appeals: Collection[Appeal], policies: Policies, now: datetime
) -> set[UUID]:
    """The cases whose marks on officers may still fall, and with them what they took of points."""
    marked = [fact for fact in facts if fact.marked]
    firm = {fact.case_id: firm_at([fact], appeals, policies) or now for fact in marked}
    return {case_id for case_id, at in firm.items() if now < at}
