"""What the ledgers should hold, counted again from the verdicts alone.

Plain loops over all cases of a unit or an officer at once, written from the rules' text and not
from `rules`, of which this module uses nothing: where the two differ, one of them is wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.scoring.store.held import Book, Found, Whose
from shared.policy import Policies, Policy

A_YEAR = timedelta(days=365)
Books = defaultdict[str, Book]


def count_unit(unit: str, found: Sequence[Found], policies: Policies) -> Books:
    """What the verdicts of a unit, in the order of receipt, demand of it and for each case."""
    told: Books = defaultdict(Counter)
    true: list[Found] = []
    for one in found:
        if one.verdict == "unsubstantiated":
            for badge in set(one.named):
                told["clearings"][badge, one.case_id] += 1
        if one.verdict not in ("substantiated", "partly"):
            continue
        true.append(one)
        told["criticisms"][unit, one.case_id] += 1
        if cost := _cost(one, policies.at(one.received_at)):
            told["points"][unit, one.verdict, one.case_id] += cost
        if one.attribution == "officers":
            for badge in set(one.officers):
                told["strikes"][badge, one.case_id, one.incident_id] += 1
    _watch(told, unit, true, policies)
    return told


def count_officer(badge: str, found: Sequence[Found], policies: Policies) -> Books:
    """What the verdicts that name an officer, in the order of receipt, demand for each strike."""
    told: Books = defaultdict(Counter)
    true = [one for one in found if one.verdict in ("substantiated", "partly")]
    _climb(told, badge, [one for one in true if one.attribution == "officers"], policies)
    return told


COUNTS: Mapping[Whose, Callable[[str, Sequence[Found], Policies], Books]] = {
    "unit": count_unit,
    "officer": count_officer,
}


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


def _climb(told: Books, badge: str, own: Sequence[Found], policies: Policies) -> None:
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


def _punish(told: Books, rule: str, badge: str, one: Found, period: str, centipoints: int) -> None:
    told["sanctions"][rule, badge, one.unit_code, period] += 1
    if centipoints:
        told["points"][one.unit_code, rule, badge] += centipoints


def _watch(told: Books, unit: str, own: Sequence[Found], policies: Policies) -> None:
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
            told["sanctions"]["interview", "", unit, f"{year}-{month:02}"] += 1
    for (year, quarter), cases in quarters.items():
        if cases >= _in_force(policies, year, quarter * 3 - 2).unknown_officer.cases:
            told["sanctions"]["inspection", "", unit, f"{year}-Q{quarter}"] += 1


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


def differences(counted: Books, held: Mapping[str, Book]) -> Iterator[str]:
    """A line for whatever stands otherwise than it should."""
    for name, there in held.items():
        wanted = counted[name]
        for key in sorted(wanted.keys() | there.keys()):
            if wanted[key] != there[key]:
                about = " ".join(filter(None, key))
                yield f"{name}: {about}: {there[key]} stands there, {wanted[key]} by the cases"
