"""How a case and what it costs are told, to people and to programs: only what is theirs to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from services.scoring.rules import assessment
from services.scoring.rules.prominent import Month
from services.scoring.rules.values import Fact
from services.scoring.score_views import Basis, CaseShown, Entry, IncidentShown, MonthShown
from services.scoring.store.papers import Counted
from shared import access
from shared.access import Operator
from shared.events import Language
from shared.policy import Policies, Policy
from shared.web.texts import texts

# The rule behind each reason of an entry; what has none here stands for itself.
RULES = {
    "substantiated": "paper_rule_criticism",
    "partly": "paper_rule_criticism",
    "accountability": "paper_rule_accountability",
    "transfer": "paper_rule_transfer",
}
Cases = Mapping[UUID, Counted]


@dataclass(frozen=True)
class Teller:
    """To whom, and in which language."""

    policies: Policies
    operator: Operator
    language: Language

    def case(self, one: Counted, *, near: bool = True) -> CaseShown:
        """What is the inspection's has neither number nor subject for anybody else.

        What is not `near` is of a unit elsewhere, whose cases are not for this desk.
        """
        who, kept = access.identities(self.operator), set(one.recused)
        hidden = one.inspected and access.OUTSIDERS in who
        open_ = kept.isdisjoint(who) and (access.INSPECTION not in who or one.inspected)
        return CaseShown(
            case_id=one.case_id,
            number="" if hidden else one.number,
            received_at=one.received_at,
            about="" if hidden else self._about(one),
            verdict=one.verdict,
            attribution=one.attribution,
            hidden=hidden,
            at_desk=near and open_ and self.operator.role in access.CASE_READERS,
        )

    def found(self, one: CaseShown) -> str:
        """What was found in a case, in words."""
        words = texts(self.language)
        if one.hidden:
            return words.text("case_hidden")
        return words.text("comma").join((one.about, words.text(f"verdict_{one.verdict}")))

    def cases(self, ids: Sequence[UUID], known: Cases) -> list[CaseShown]:
        """Those of them that are known here, in the order of receipt."""
        found = sorted((known[own] for own in ids if own in known), key=lambda c: c.received_at)
        return [self.case(one) for one in found]

    def entry(self, row: Record, known: Cases) -> Entry:
        """A line of the ledger with its reason in words."""
        case = known.get(row["case_id"])
        return Entry(
            **row,
            rule=self._rule(row["reason"], case),
            basis=self._basis(row, case),
            cases=self.cases(row["case_ids"], known),
        )

    def month(self, one: Month, known: Cases) -> MonthShown:
        """A month with its incidents."""
        return MonthShown(
            month=f"{one.first:%Y-%m}",
            incidents=[self._incident(found, known) for found in one.incidents],
            needed=one.needed,
            prominent=one.is_prominent,
            interview=one.interview,
        )

    def _incident(self, facts: Sequence[Fact], known: Cases) -> IncidentShown:
        points = sum(assessment.points_of(f, self.policies.at(f.received_at)) for f in facts)
        return IncidentShown(
            cases=self.cases([fact.case_id for fact in facts], known), centipoints=points
        )

    def _rule(self, reason: str, case: Counted | None) -> str:
        alone = case is not None and case.attribution == "unit"
        key = RULES.get(reason, f"points_{reason}")
        return texts(self.language).text(
            "rule_unattributed" if alone and key == "paper_rule_criticism" else key
        )

    def _basis(self, row: Record, case: Counted | None) -> Basis | None:
        stands = case and (row["reason"], row["revision"]) == (case.verdict, case.revision)
        if not case or not stands or row["delta_centipoints"] > 0 or self.case(case).hidden:
            return None
        policy = self.policies.at(case.received_at)
        found = assessment.basis_of(case.verdict, case.attribution, case.categories, policy)
        if found is None:
            return None
        return Basis(
            category=found.category,
            name=self._named(policy, found.category) if found.category else "",
            whole_centipoints=found.centipoints,
            percent=found.percent,
        )

    def _about(self, one: Counted) -> str:
        policy = self.policies.at(one.received_at)
        words = texts(self.language).text("comma")
        return words.join(self._named(policy, key) for key in one.categories)

    def _named(self, policy: Policy, category: str) -> str:
        known = {one.key: one.called(self.language) for one in policy.categories}
        return known.get(category, category)
