"""Officers' strikes in a year, what the second and third cost their units, who hears of more."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.scoring.rules.values import Cause, Demand, Fact, Mark, Scope, Strike, Subject
from shared.policy import Policies, Policy
from shared.values import clock

ROLLING = timedelta(days=365)


def marks_of(fact: Fact) -> frozenset[Mark]:
    """A mark on each officer who answers for it."""
    where = (fact.case_id, fact.incident_id, fact.unit_code, fact.received_at)
    return frozenset(Mark(badge, *where) for badge in fact.marked)


def marks(case: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rules 7 and 13: each mark of the case, in the year of its receipt."""
    for fact in facts:
        policy = policies.at(fact.received_at)
        year = str(year_of(fact.received_at, policy))
        for mark in marks_of(fact):
            cause = Cause("strike", case, mark.incident_id)
            officer = Subject("officer", mark.badge)
            yield Demand(officer, cause, year, edition=policy.effective_from)


def sanctions(officer: Scope, facts: Sequence[Fact], policies: Policies) -> Iterator[Demand]:
    """Rules 10 and 11: the officer's second and third strikes in a year, and what the units pay.

    The unit of the strike that crosses the line pays, under the policy of that day. Of each strike
    beyond the third leadership is told.
    """
    own = [mark for fact in facts for mark in marks_of(fact) if mark.badge == officer.id]
    for strike in strikes_of(own, policies):
        policy = policies.at(strike.first.received_at)
        for rule, points in _crossed(strike.number, policy):
            unit = Subject("unit", strike.first.unit_code)
            cause, period = Cause(rule, officer), _period(strike.first, policy)
            yield Demand(unit, cause, period, points, policy.effective_from)


def counted(demand: Demand, facts: Sequence[Fact], policies: Policies) -> tuple[UUID, ...]:
    """The cases of the strikes that cross the line of a demand, in the order of receipt.

    Of those strikes that stand now: where one fell and others carry the demand, it counts those.
    """
    badge, rule = demand.cause.scope.id, demand.cause.rule
    own = [mark for fact in facts for mark in marks_of(fact) if mark.badge == badge]
    known, last = strikes_of(own, policies), 0
    for place, strike in enumerate(known, 1):
        policy = policies.at(strike.first.received_at)
        crossed = dict(_crossed(strike.number, policy))
        if rule in crossed and _period(strike.first, policy) == demand.period:
            last = place
    if not last:
        return ()
    together = known[last - known[last - 1].number : last]
    return tuple(case_id for strike in together for case_id in strike.case_ids)


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


def _crossed(number: int, policy: Policy) -> Iterator[tuple[str, int]]:
    rule = policy.strikes
    if number == rule.accountability_at:
        yield "accountability", rule.accountability_centipoints
    if number == rule.transfer_at:
        yield "transfer", rule.transfer_centipoints
    if number > rule.transfer_at:
        yield "alert", 0


def _period(mark: Mark, policy: Policy) -> str | None:
    if policy.strikes.window == "rolling_365_days":
        return None
    return str(year_of(mark.received_at, policy))


def year_of(received_at: datetime, policy: Policy) -> int:
    """The calendar year of receipt at the bureau 「年內」."""
    return clock.service_day(received_at, policy.zone).year
