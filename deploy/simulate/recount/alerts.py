"""Rule 8: on which days whose duty money is must hear that two days are nearly over."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from deploy.simulate.recount.edition import Edition

# Of what the vendor has just carried out the program may not have heard yet.
HEARD_WITHIN = timedelta(days=2)
QUIET = (("quiet_from", "22:00"), ("quiet_until", "08:00"))


@dataclass(frozen=True)
class Unpaid:
    """When a reward is due that is not settled, or when the vendor carried it out."""

    due: datetime
    paid: datetime | None


@dataclass
class Alerts:
    """The days on which somebody must be told, and those on which they may."""

    must: set[date] = field(default_factory=set)
    may: set[date] = field(default_factory=set)
    _last: datetime | None = None
    _until: datetime | None = None

    def look(self, at: datetime, edition: Edition, rewards: Iterable[Unpaid]) -> None:
        """Once a day at most, of the same again after the policy's days, and never at night."""
        if _quiet(at, edition):
            return
        rule = edition.rule["reward"]
        until = at + timedelta(hours=rule.get("alert_hours", 12))
        near = [one for one in rewards if one.due <= until]
        today = edition.day(at)
        if self._last and self._until:
            days = (today - edition.day(self._last)).days
            if days < rule.get("alert_again_days", 1):
                near = [one for one in near if days and one.due > self._until]
        if any(one.paid is None for one in near):
            self.must.add(today)
            self._last, self._until = at, max(until, edition.midnight(today))
        elif any(one.paid and at - one.paid <= HEARD_WITHIN for one in near):
            self.may.add(today)

    def wrong(self, told: Iterable[date]) -> tuple[set[date], set[date]]:
        """The days on which nobody was told, and those on which somebody was for nothing."""
        found = set(told)
        return self.must - found, found - self.must - self.may


def _quiet(at: datetime, edition: Edition) -> bool:
    rule = edition.rule.get("messages", {})
    begin, end = (time.fromisoformat(rule.get(name, usual)) for name, usual in QUIET)
    now = at.astimezone(edition.zone).time()
    return begin <= now < end if begin <= end else now >= begin or now < end
