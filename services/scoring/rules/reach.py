"""How far a verdict reaches in its unit: the months and quarters in which it may change anything.

A case counts in the quarter of its receipt, its incident in the month of the first complaint, and a
month in the run of those that follow. What lies beyond these no longer changes by it, so nobody
need look at all that was ever found true of a unit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.scoring.rules.prominent import begin, month_of, run
from services.scoring.rules.unattributed import first_of, quarter
from services.scoring.rules.values import Fact
from shared.policy import Policies

# Two editions' time zones are no further apart.
_APART = timedelta(days=2)


@dataclass(frozen=True)
class Reach:
    """Which periods may change, and since and until when the complaints were made that count there.

    To those belong all earlier complaints of the same incidents.
    """

    since: datetime
    until: datetime
    periods: frozenset[str]


def reach_of(touched: Iterable[Fact], policies: Policies) -> Reach:
    """Of a verdict as it was and is, and all of the incidents that it belonged and belongs to."""
    facts = list(touched)
    months = sorted(month_of(fact, policies) for fact in facts)
    quarters = {first_of(fact, policies) for fact in facts}
    longest = _longest(policies)
    last = _later(months[-1], longest - 1)
    since = min(run(months[0], longest)[-1], *quarters)
    until = max(_later(last, 1), *(_later(first, 3) for first in quarters))
    periods = {f"{month:%Y-%m}" for month in _months(months[0], last)} | set(map(quarter, quarters))
    return Reach(
        begin(since, policies) - _APART, begin(until, policies) + _APART, frozenset(periods)
    )


def reach_of_period(period: str, policies: Policies) -> Reach:
    """Of the months or the quarter that a demand on a unit counts."""
    year, part = period.split("-")
    if part.startswith("Q"):
        since = date(int(year), 3 * int(part[1:]) - 2, 1)
        until = _later(since, 3)
    else:
        last = date(int(year), int(part), 1)
        since, until = run(last, _longest(policies))[-1], _later(last, 1)
    return Reach(
        begin(since, policies) - _APART, begin(until, policies) + _APART, frozenset({period})
    )


def _longest(policies: Policies) -> int:
    return max(policy.prominent.months for policy in policies.editions)


def _later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = _later(first, 1)
