"""Sanctions that the rules propose and a named person signs: for which cases, and by whom not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from services.scoring.rules import prominent, strikes, unattributed
from services.scoring.rules.strikes import ROLLING, year_of
from services.scoring.rules.values import Cause, Demand, Fact, Scope, Subject
from shared import access
from shared.access import Operator
from shared.errors import Conflict, Forbidden
from shared.policy import Policies

Rule = Literal["accountability", "transfer", "alert", "interview", "inspection"]
RULES: tuple[Rule, ...] = get_args(Rule)
# What is done to an officer waits until the strikes it counts are no longer provisional.
HARD: tuple[Rule, ...] = ("accountability", "transfer")
State = Literal["proposed", "signed", "declined", "withdrawn"]


@dataclass(frozen=True)
class Sanction:
    """A proposal and what became of it; without a badge it is about the unit.

    What the verdicts no longer demand is withdrawn, whatever was decided before.
    """

    sanction_id: UUID
    rule: Rule
    badge: str | None
    unit_code: str
    period: str | None
    case_ids: tuple[UUID, ...]
    proposed_at: datetime
    outcome: Literal["signed", "declined"] | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    withdrawn_at: datetime | None = None
    year: int | None = None
    number: int | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        return "withdrawn" if self.withdrawn_at else self.outcome or "proposed"

    @property
    def demand(self) -> Demand:
        """What the verdicts demand as long as it is not withdrawn."""
        scope = Scope("officer", self.badge) if self.badge else Scope("unit", self.unit_code)
        return Demand(Subject("unit", self.unit_code), Cause(self.rule, scope), self.period)


def counted(demand: Demand, facts: Sequence[Fact], policies: Policies) -> tuple[UUID, ...]:
    """The cases that carry a sanction by these verdicts, in the order of receipt."""
    if demand.cause.rule in HARD:
        return strikes.counted(demand, facts, policies)
    held = sorted(
        (fact for fact in facts if demand.cause.scope.holds(fact)),
        key=lambda fact: (fact.received_at, fact.case_id),
    )
    return tuple(fact.case_id for fact in held if _within(demand, fact, held[-1], policies))


def _within(demand: Demand, fact: Fact, last: Fact, policies: Policies) -> bool:
    """Whether a case falls into the demand's year or months; without one, a year back counts."""
    period, policy = demand.period, policies.at(fact.received_at)
    if period is None:
        return fact.received_at > last.received_at - ROLLING
    if demand.cause.rule == "inspection":
        quarter = unattributed.quarter(unattributed.first_of(fact, policies))
        return fact.attribution == "unit" and quarter == period
    if demand.cause.rule != "interview":
        return str(year_of(fact.received_at, policy)) == period
    months = prominent.run(date.fromisoformat(f"{period}-01"), policy.prominent.months)
    return prominent.month_of(fact, policies) in months


def may_decide(
    sanction: Sanction, who: Operator, verified_by: Collection[str], *, provisional: bool
) -> None:
    """Conflict where nothing is left to decide, Forbidden to whom it concerns or who found it.

    Conflict also while one of the strikes that it counts is provisional (rule 15).
    """
    if sanction.state == "withdrawn":
        raise Conflict("refused.sanction_withdrawn")
    if sanction.state != "proposed":
        raise Conflict("refused.sanction_decided")
    if sanction.badge in access.identities(who):
        raise Forbidden("refused.sanction_own")
    if who.username in verified_by:
        raise Forbidden("refused.sanction_verified")
    if provisional and sanction.rule in HARD:
        raise Conflict("refused.sanction_provisional")
