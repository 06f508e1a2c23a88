"""What a verdict demands, and the difference to what is in force. Pure.

Everything follows from the highest revision of each case alone, so the order in which verdicts
arrive does not matter: what is in force and no longer demanded is compensated, what is demanded and
not yet in force is added.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal
from uuid import UUID

from shared import clock
from shared.events import CaseVerified
from shared.policy import Policies, Policy

Reason = Literal["substantiated", "partly", "accountability", "transfer"]
ROLLING = timedelta(days=365)


@dataclass(frozen=True)
class Deduction:
    """Taken from a unit; `badge` where it is for an officer's second or third strike."""

    unit_code: str
    reason: Reason
    centipoints: int
    badge: str | None = None


@dataclass(frozen=True)
class Mark:
    """An officer named in a substantiated case. All marks of one incident are one strike."""

    badge: str
    case_id: UUID
    incident_id: UUID
    unit_code: str
    received_at: datetime


@dataclass(frozen=True)
class Strike:
    """An incident for which an officer was marked, under its earliest complaint.

    `number` is which one it is within the policy's window 「年內…次數」.
    """

    first: Mark
    case_ids: tuple[UUID, ...]
    number: int


@dataclass(frozen=True)
class Entry:
    """One line for a unit's ledger, and the cases that it counts."""

    deduction: Deduction
    compensates: bool
    case_ids: tuple[UUID, ...]

    @property
    def delta_centipoints(self) -> int:
        """Negative for a deduction."""
        return self.deduction.centipoints * (1 if self.compensates else -1)


@dataclass(frozen=True)
class Before:
    """What is in force: `deductions` and `marks` of the case, `officers_marks` and `extras` of all
    officers that the case named or names, whether the case is under a criticism."""

    deductions: Counter[Deduction]
    marks: frozenset[Mark]
    officers_marks: frozenset[Mark]
    extras: Counter[Deduction]
    criticised: bool


@dataclass(frozen=True)
class Plan:
    """What to write."""

    marks_added: frozenset[Mark]
    marks_withdrawn: frozenset[Mark]
    entries: tuple[Entry, ...]
    criticism: Literal["issue", "withdraw"] | None


def is_substantiated(event: CaseVerified) -> bool:
    """Whether assessment applies 「經核查屬實」: complaints only; `partly` counts as well."""
    return event.kind == "complaint" and event.verdict in ("substantiated", "partly")


def decide(event: CaseVerified, before: Before, policies: Policies) -> Plan:
    """From what is in force to what this verdict demands; `event` is the highest revision."""
    marks = marks_of(event)
    officers_marks = (before.officers_marks - before.marks) | marks
    demanded = Counter(deductions_of(event, policies.at(event.received_at)))
    extras = extras_of(officers_marks, policies)
    return Plan(
        marks - before.marks,
        before.marks - marks,
        (
            *_entries(before.deductions, demanded, lambda _: (event.case_id,)),
            *_entries(before.extras, extras, lambda badge: _cases_of(badge, officers_marks)),
        ),
        _criticism(before.criticised, is_substantiated(event)),
    )


def deductions_of(event: CaseVerified, policy: Policy) -> list[Deduction]:
    """Rule 7: the largest of the case's categories, a part of it for `partly`.

    Rule 14: policy causes cost nothing. A case without a category that this policy knows costs the
    smallest deduction, since something was found.
    """
    tables = {
        "officers": policy.assessment.officers_centipoints,
        "unit": policy.assessment.unit_centipoints,
    }
    if not is_substantiated(event) or event.attribution not in tables:
        return []
    table = tables[event.attribution]
    points = max((table[c] for c in event.categories if c in table), default=min(table.values()))
    if event.verdict == "partly":
        points = points * policy.assessment.partly_percent // 100
    reason: Reason = "partly" if event.verdict == "partly" else "substantiated"
    return [Deduction(event.unit_code, reason, points)] if points else []


def marks_of(event: CaseVerified) -> frozenset[Mark]:
    """Rules 7 and 13: a mark on each named officer, none where only the unit answers for it."""
    if not is_substantiated(event) or event.attribution != "officers":
        return frozenset()
    where = (event.case_id, event.incident_id, event.unit_code, event.received_at)
    return frozenset(Mark(badge, *where) for badge in event.officers)


def extras_of(marks: Iterable[Mark], policies: Policies) -> Counter[Deduction]:
    """Rules 10 and 11: what the units pay for officers' second and third strikes in a year.

    The unit of the strike that crosses the line pays, under the policy of that day.
    """
    extras: Counter[Deduction] = Counter()
    for badge, own in groupby(sorted(marks, key=lambda m: m.badge), key=lambda m: m.badge):
        for strike in strikes_of(own, policies):
            policy = policies.at(strike.first.received_at)
            extras.update(_extras_at(strike.number, badge, strike.first.unit_code, policy))
    return extras


def strikes_of(marks: Iterable[Mark], policies: Policies) -> list[Strike]:
    """One officer's strikes, in the order in which the complaints came in."""
    incidents: dict[UUID, list[Mark]] = {}
    for mark in sorted(marks, key=lambda m: (m.received_at, m.case_id)):
        incidents.setdefault(mark.incident_id, []).append(mark)
    firsts = [group[0] for group in incidents.values()]
    return [
        Strike(
            group[0],
            tuple(mark.case_id for mark in group),
            _number(firsts[:place], policies.at(group[0].received_at)),
        )
        for place, group in enumerate(incidents.values(), 1)
    ]


def _number(firsts: list[Mark], policy: Policy) -> int:
    """Which strike within its window the last one is."""
    last = firsts[-1].received_at
    if policy.strikes.window == "rolling_365_days":
        return sum(mark.received_at > last - ROLLING for mark in firsts)
    year = year_of(last, policy)
    return sum(year_of(mark.received_at, policy) == year for mark in firsts)


def _extras_at(number: int, badge: str, unit_code: str, policy: Policy) -> list[Deduction]:
    rule = policy.strikes
    extras: list[Deduction] = []
    if number == rule.accountability_at and rule.accountability_centipoints:
        points = rule.accountability_centipoints
        extras.append(Deduction(unit_code, "accountability", points, badge))
    if number == rule.transfer_at and rule.transfer_centipoints:
        extras.append(Deduction(unit_code, "transfer", rule.transfer_centipoints, badge))
    return extras


def _entries(
    in_force: Counter[Deduction],
    demanded: Counter[Deduction],
    cases: Callable[[str | None], tuple[UUID, ...]],
) -> list[Entry]:
    back, new = (in_force - demanded).elements(), (demanded - in_force).elements()
    return [
        *(Entry(d, True, cases(d.badge)) for d in sorted(back, key=_order)),
        *(Entry(d, False, cases(d.badge)) for d in sorted(new, key=_order)),
    ]


def _order(deduction: Deduction) -> tuple[str, str, str, int]:
    return (deduction.unit_code, deduction.badge or "", deduction.reason, deduction.centipoints)


def _cases_of(badge: str | None, marks: Iterable[Mark]) -> tuple[UUID, ...]:
    return tuple(sorted(mark.case_id for mark in marks if mark.badge == badge))


def _criticism(in_force: bool, demanded: bool) -> Literal["issue", "withdraw"] | None:
    if in_force == demanded:
        return None
    return "issue" if demanded else "withdraw"


def year_of(received_at: datetime, policy: Policy) -> int:
    """The calendar year of receipt at the bureau 「年內」."""
    return clock.service_day(received_at, policy.zone).year
