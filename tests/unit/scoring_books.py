"""For tests: verdicts, and the three ledgers as a fold of the rules' plans."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.scoring.rules import plan
from services.scoring.rules.reach import Reach, reach_of
from services.scoring.rules.values import Change, Demand, Fact, Scope
from shared import policy
from shared.events import Attribution, CaseVerified, IncidentChanged, Verdict

POLICIES = policy.load(Path("deploy/policy.toml"))
POLICY = POLICIES.editions[0]
DAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def verdict(
    case: int = 1,
    revision: int = 1,
    *,
    kind: str = "complaint",
    verdict: Verdict = "substantiated",
    attribution: Attribution = "officers",
    officers: tuple[str, ...] = ("170001",),
    incident: int | None = None,
    unit_code: str = "411702001",
    categories: tuple[str, ...] = ("cold_attitude",),
    received_at: datetime = DAY,
) -> CaseVerified:
    """A verdict, substantiated against one officer unless told otherwise."""
    return CaseVerified.model_validate(
        {
            "case_id": UUID(int=case),
            "submission_id": UUID(int=case),
            "incident_id": UUID(int=incident or 1000 + case),
            "revision": revision,
            "kind": kind,
            "unit_code": unit_code,
            "categories": categories,
            "verdict": verdict,
            "attribution": attribution,
            "officers": officers,
            "answer_sealed": None,
            "phone_sealed": None,
            "phone_index": None,
            "language": "zh",
            "received_at": received_at,
            "verified_at": received_at + timedelta(hours=5),
        }
    )


class Books:
    """The journal and the ledgers as a fold of changes, to ask the rules again and again."""

    def __init__(
        self, rules: plan.Rules = plan.RULES, policies: policy.Policies = POLICIES
    ) -> None:
        self.rules = rules
        self.policies = policies
        self.facts: dict[UUID, Fact] = {}
        self.incidents: dict[UUID, IncidentChanged] = {}
        self.in_force: Counter[Demand] = Counter()
        self.balances: Counter[str] = Counter()

    def take(self, event: CaseVerified | IncidentChanged) -> list[Change]:
        """Handle one event as the service does; what changed."""
        before = self.facts.get(event.case_id)
        if isinstance(event, CaseVerified):
            if before and event.revision <= before.revision:
                return []
            return self._take(before, Fact.of(event))
        known = self.incidents.get(event.case_id)
        if known and event.version <= known.version:
            return []
        self.incidents[event.case_id] = event
        return self._take(before, before) if before else []

    def _take(self, before: Fact | None, fact: Fact) -> list[Change]:
        if moved := self.incidents.get(fact.case_id):
            fact = replace(fact, incident_id=moved.incident_id)
        self.facts[fact.case_id] = fact
        touched = [before, fact] if before else [fact]
        scopes = plan.scopes_of(touched, self.rules)
        own = {one.incident_id for one in touched}
        beside = [one for one in self.facts.values() if one.incident_id in own]
        reach = reach_of([*touched, *beside], self.policies)
        facts = self._reached(scopes, reach)
        changes = plan.decide(scopes, facts, +self.in_force, self.policies, self.rules, reach)
        for change in changes:
            self.in_force[change.demand] += change.delta
            self.balances[change.demand.subject.id] += change.delta_centipoints
        return changes

    def _reached(self, scopes: Sequence[Scope], reach: Reach) -> list[Fact]:
        """All of cases and officers, and of units what is within reach, as the service loads it."""
        near = {
            one.incident_id for one in self.facts.values()
            if reach.since <= one.received_at < reach.until
        }  # fmt: skip
        return [
            one for one in self.facts.values()
            if one.incident_id in near
            or any(scope.kind != "unit" and scope.holds(one) for scope in scopes)
        ]  # fmt: skip

    def under(self, *rules: str) -> Counter[Demand]:
        """What is in force by these rules."""
        present = {d: n for d, n in self.in_force.items() if d.cause.rule in rules and n}
        return Counter(present)

    @property
    def criticised(self) -> set[UUID]:
        """The cases under a criticism."""
        return {UUID(demand.cause.scope.id) for demand in self.under("criticism")}
