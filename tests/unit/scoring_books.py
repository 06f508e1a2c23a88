"""For tests: verdicts, and the three ledgers as a fold of the rules' plans."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.scoring.rules import verdicts
from services.scoring.rules.values import Before, Deduction, Mark
from shared import policy
from shared.events import Attribution, CaseVerified, Verdict

POLICIES = policy.load(Path("deploy/policy.toml"))
POLICY = POLICIES.editions[0]
DAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NOTHING = Before(Counter(), frozenset(), frozenset(), Counter(), criticised=False)


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
    """The three ledgers as a fold of plans, to ask the rules again and again."""

    def __init__(self) -> None:
        self.revisions: dict[UUID, int] = {}
        self.deductions: dict[UUID, Counter[Deduction]] = defaultdict(Counter)
        self.extras: Counter[Deduction] = Counter()
        self.marks: set[Mark] = set()
        self.balances: Counter[str] = Counter()
        self.criticised: set[UUID] = set()

    def take(self, event: CaseVerified) -> None:
        """Handle one verdict as the service does."""
        if event.revision <= self.revisions.get(event.case_id, 0):
            return
        self.revisions[event.case_id] = event.revision
        plan = verdicts.decide(event, self.before(event), POLICIES)
        self.marks = (self.marks - plan.marks_withdrawn) | plan.marks_added
        for entry in plan.entries:
            book = self.extras if entry.deduction.badge else self.deductions[event.case_id]
            book[entry.deduction] += -1 if entry.compensates else 1
            self.balances[entry.deduction.unit_code] += entry.delta_centipoints
        if plan.criticism:
            self.criticised ^= {event.case_id}

    def before(self, event: CaseVerified) -> Before:
        """What is in force for one verdict."""
        own = frozenset(m for m in self.marks if m.case_id == event.case_id)
        badges = {*event.officers, *(m.badge for m in own)}
        return Before(
            +self.deductions[event.case_id],
            own,
            frozenset(m for m in self.marks if m.badge in badges),
            Counter({d: n for d, n in self.extras.items() if d.badge in badges and n > 0}),
            event.case_id in self.criticised,
        )
