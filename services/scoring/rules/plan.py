"""The plan: for every scope that a verdict touches, the demands now less the demands in force."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from services.scoring.rules import assessment, prominent, strikes, unattributed
from services.scoring.rules.reach import Reach
from services.scoring.rules.values import Change, Demand, Fact, Scope, ScopeKind
from shared.policy import Policies

Rule = Callable[[Scope, Sequence[Fact], Policies], Iterable[Demand]]
Rules = Mapping[ScopeKind, Sequence[Rule]]

# Every rule stands here, under the facts that it looks at together. Its demands name their scope as
# their cause; what is new in a demand (a rule's key, a period) needs no place anywhere else.
RULES: Rules = {
    "case": (
        assessment.deductions, assessment.criticisms, assessment.clearings, strikes.marks,
    ),
    "officer": (strikes.sanctions,),
    "unit": (prominent.interviews, unattributed.inspections),
}  # fmt: skip

# Rules that came when there were cases already, and of which old verdicts say all that they need:
# what they demand of those is made up for, once.
LATER = ("interview", "alert", "inspection")


def scopes_of(facts: Iterable[Fact], rules: Rules = RULES) -> list[Scope]:
    """What the rules must look at again when these facts change: give the old and the new one."""
    touched: set[Scope] = set()
    for fact in facts:
        touched |= {Scope("case", str(fact.case_id)), Scope("unit", fact.unit_code)}
        touched |= {Scope("officer", badge) for badge in fact.officers}
    return sorted(scope for scope in touched if rules[scope.kind])


def decide(
    scopes: Sequence[Scope],
    facts: Sequence[Fact],
    in_force: Counter[Demand],
    policies: Policies,
    rules: Rules = RULES,
    reach: Reach | None = None,
) -> list[Change]:
    """From what is in force to what is demanded; `facts` are all those of the scopes.

    Of units those within a `reach` are enough, beyond which nothing is looked at.
    """
    changes: list[Change] = []
    for scope in scopes:
        held = [fact for fact in facts if scope.holds(fact)]
        wanted = Counter(_demands(scope, held, policies, rules))
        present = Counter({d: n for d, n in in_force.items() if d.cause.scope == scope})
        if reach and scope.kind == "unit":
            wanted, present = (_within(reach, demands) for demands in (wanted, present))
        cases = _cases(scope, held)
        back, new = (present - wanted).elements(), (wanted - present).elements()
        changes += [Change(demand, -1, cases) for demand in sorted(back, key=_order)]
        changes += [Change(demand, 1, cases) for demand in sorted(new, key=_order)]
    return changes


def _within(reach: Reach, demands: Counter[Demand]) -> Counter[Demand]:
    return Counter({one: n for one, n in demands.items() if one.period in reach.periods})


def missed(changes: Iterable[Change]) -> list[Change]:
    """What the later rules demand; what takes points waits until its case changes (see LATER)."""
    return [one for one in changes if one.delta > 0 and one.demand.cause.rule in LATER]


def _demands(
    scope: Scope, held: Sequence[Fact], policies: Policies, rules: Rules
) -> Iterator[Demand]:
    for rule in rules[scope.kind]:
        for demand in rule(scope, held, policies):
            if demand.cause.scope != scope:
                raise ValueError(f"{demand.cause.rule} demands for {demand.cause.scope}")
            yield demand


def _cases(scope: Scope, held: Iterable[Fact]) -> tuple[UUID, ...]:
    if scope.kind == "case":
        return (UUID(scope.id),)
    return tuple(sorted(fact.case_id for fact in held))


def _order(demand: Demand) -> tuple[str, ...]:
    cause = demand.cause
    return (
        demand.subject.kind,
        demand.subject.id,
        cause.rule,
        demand.period or "",
        str(cause.incident_id or ""),
        f"{demand.centipoints:010}",
    )
