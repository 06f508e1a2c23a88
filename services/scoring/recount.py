"""What the ledgers should hold, counted again from the verdicts alone.

Plain loops over all cases at once, written from the rules' text and not from `rules`, of which this
module uses nothing: where the two differ, one of them is wrong.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.scoring.store.held import BOOKS, Book, Found
from shared.policy import Policies, Policy

A_YEAR = timedelta(days=365)


@dataclass
class Counted:
    """Every book as the verdicts demand it."""

    points: Book = field(default_factory=Counter)
    strikes: Book = field(default_factory=Counter)
    criticisms: Book = field(default_factory=Counter)
    clearings: Book = field(default_factory=Counter)
    sanctions: Book = field(default_factory=Counter)

    @property
    def books(self) -> dict[str, Book]:
        """By name."""
        return {name: getattr(self, name) for name in BOOKS}


def count(found: Iterable[Found], policies: Policies) -> Counted:
    """From all verdicts, in whatever order they are given."""
    told = Counted()
    officers: dict[str, list[Found]] = {}
    units: dict[str, list[Found]] = {}
    for one in sorted(found, key=lambda each: (each.received_at, each.case_id)):
        if one.kind != "complaint":
            continue
        if one.verdict == "unsubstantiated":
            for badge in set(one.named):
                told.clearings[badge, one.case_id] += 1
        if one.verdict not in ("substantiated", "partly"):
            continue
        told.criticisms[one.unit_code, one.case_id] += 1
        if cost := _cost(one, policies.at(one.received_at)):
            told.points[one.unit_code, one.verdict, one.case_id] += cost
        units.setdefault(one.unit_code, []).append(one)
        if one.attribution == "officers":
            for badge in set(one.officers):
                told.strikes[badge, one.case_id, one.incident_id] += 1
                officers.setdefault(badge, []).append(one)
    for badge, own in officers.items():
        _climb(told, badge, own, policies)
    for unit, own in units.items():
        _watch(told, unit, own, policies)
    return told


def _cost(one: Found, policy: Policy) -> int:
    """In centipoints."""
    if one.attribution == "officers":
        prices: Mapping[str, int] = policy.assessment.officers_centipoints
    elif one.attribution == "unit":
        prices = policy.assessment.unit_centipoints
    else:
        return 0
    known = [prices[key] for key in one.categories if key in prices]
    cost = max(known) if known else min(prices.values())
    return cost * policy.assessment.partly_percent // 100 if one.verdict == "partly" else cost


def _climb(told: Counted, badge: str, own: list[Found], policies: Policies) -> None:
    """An officer's incidents, one after another."""
    firsts: list[Found] = []
    seen: set[str] = set()
    for one in own:
        if one.incident_id in seen:
            continue
        seen.add(one.incident_id)
        firsts.append(one)
        policy = policies.at(one.received_at)
        rule, year = policy.strikes, _day(one, policy).year
        if rule.window == "calendar_year":
            number = len([first for first in firsts if _day(first, policy).year == year])
            period = str(year)
        else:
            since = one.received_at - A_YEAR
            number, period = len([first for first in firsts if first.received_at > since]), ""
        if number == rule.accountability_at:
            _punish(told, "accountability", badge, one, period, rule.accountability_centipoints)
        elif number == rule.transfer_at:
            _punish(told, "transfer", badge, one, period, rule.transfer_centipoints)
        elif number > rule.transfer_at:
            _punish(told, "alert", badge, one, period, 0)


def _punish(
    told: Counted, rule: str, badge: str, one: Found, period: str, centipoints: int
) -> None:
    told.sanctions[rule, badge, one.unit_code, period] += 1
    if centipoints:
        told.points[one.unit_code, rule, badge] += centipoints


def _watch(told: Counted, unit: str, own: list[Found], policies: Policies) -> None:
    """A unit's months and quarters."""
    months: Counter[tuple[int, int]] = Counter()
    quarters: Counter[tuple[int, int]] = Counter()
    seen: set[str] = set()
    for one in own:
        day = _day(one, policies.at(one.received_at))
        if one.incident_id not in seen:
            months[day.year, day.month] += 1
            seen.add(one.incident_id)
        if one.attribution == "unit":
            quarters[day.year, (day.month + 2) // 3] += 1
    for year, month in months:
        rule = _in_force(policies, year, month).prominent
        run = [_before(year, month, back) for back in range(rule.months)]
        if all(_loud(policies, months, each) for each in run):
            told.sanctions["interview", "", unit, f"{year}-{month:02}"] += 1
    for (year, quarter), cases in quarters.items():
        if cases >= _in_force(policies, year, quarter * 3 - 2).unknown_officer.cases:
            told.sanctions["inspection", "", unit, f"{year}-Q{quarter}"] += 1


def _loud(policies: Policies, months: Counter[tuple[int, int]], month: tuple[int, int]) -> bool:
    return months[month] >= _in_force(policies, *month).prominent.incidents


def _before(year: int, month: int, back: int) -> tuple[int, int]:
    count = year * 12 + month - 1 - back
    return count // 12, count % 12 + 1


def _in_force(policies: Policies, year: int, month: int) -> Policy:
    """The policy at a month's first moment at the bureau."""
    zone = ZoneInfo(policies.editions[-1].timezone)
    return policies.at(datetime(year, month, 1, tzinfo=zone).astimezone(UTC))


def _day(one: Found, policy: Policy) -> date:
    return one.received_at.astimezone(ZoneInfo(policy.timezone)).date()


def differences(counted: Mapping[str, Book], held: Mapping[str, Book]) -> Iterator[str]:
    """A line for whatever stands otherwise than it should."""
    for name in BOOKS:
        wanted, there = counted[name], held[name]
        for key in sorted(wanted.keys() | there.keys()):
            if wanted[key] != there[key]:
                about = " ".join(filter(None, key))
                yield f"{name}: {about}: {there[key]} stands there, {wanted[key]} by the cases"
