"""What one verdict demands, and the difference to what is in force."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal
from uuid import UUID

from services.scoring.rules.strikes import extras_of
from services.scoring.rules.values import Before, Deduction, Entry, Mark, Plan, Reason
from shared.events import CaseVerified
from shared.policy import Policies, Policy


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
