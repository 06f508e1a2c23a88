"""Strikes over joins, splits and revisions, heard in any order: a machine against plain loops."""

import random
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.events import CaseVerified, IncidentChanged, Verdict
from tests.unit.scoring_books import DAY, Books, verdict

BADGES = ("170001", "170002")
CASES = range(1, 6)


class Incidents(RuleBasedStateMachine):
    """Verification's truth, the events that it has told and not all of which have arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.own = {case: 1000 + case for case in CASES}
        self.versions = dict.fromkeys(CASES, 0)
        self.verdicts: dict[int, CaseVerified] = {}
        self.fresh = 2000
        self.told: list[CaseVerified | IncidentChanged] = []
        self.travelling: list[CaseVerified | IncidentChanged] = []
        self.books = Books()

    def _tell(self, event: CaseVerified | IncidentChanged) -> None:
        self.told.append(event)
        self.travelling.append(event)

    def _move(self, case: int, incident: int) -> None:
        self.own[case], self.versions[case] = incident, self.versions[case] + 1
        self._tell(
            IncidentChanged(
                case_id=UUID(int=case), incident_id=UUID(int=incident), unit_code="411702001",
                received_at=DAY, changed_at=DAY, version=self.versions[case],
            )
        )  # fmt: skip

    @rule(case=st.sampled_from(CASES), badge=st.sampled_from(BADGES), found=st.booleans())
    def judge(self, case: int, badge: str, found: bool) -> None:
        """A verdict takes effect, or a changed one."""
        before = self.verdicts.get(case)
        kind: Verdict = "substantiated" if found else "unsubstantiated"
        told = verdict(
            case, before.revision + 1 if before else 1, verdict=kind, officers=(badge,),
            incident=self.own[case], attribution="officers" if found else "none",
        )  # fmt: skip
        self.verdicts[case] = told
        self._tell(told)

    @rule(case=st.sampled_from(CASES), other=st.sampled_from(CASES))
    def join(self, case: int, other: int) -> None:
        """All of the one incident come to the other."""
        target, left = self.own[other], self.own[case]
        if target != left:
            for one in [one for one in CASES if self.own[one] == left]:
                self._move(one, target)

    @rule(case=st.sampled_from(CASES))
    def split(self, case: int) -> None:
        """A case leaves for an incident of its own."""
        self.fresh += 1
        self._move(case, self.fresh)

    @rule(seed=st.integers(0, 99), share=st.floats(0, 1))
    def arrive(self, seed: int, share: float) -> None:
        """Some events arrive, in whatever order, one of them twice."""
        random.Random(seed).shuffle(self.travelling)
        count = round(len(self.travelling) * share)
        arrived, self.travelling = self.travelling[:count], self.travelling[count:]
        for event in arrived + arrived[:1]:
            self.books.take(event)

    @invariant()
    def nothing_is_taken_back_twice(self) -> None:
        """No demand is in force less than never."""
        assert all(times >= 0 for times in self.books.in_force.values())

    def teardown(self) -> None:
        """When everything has arrived, the strikes are those that plain loops count."""
        self.arrive(1, 1.0)
        for badge in BADGES:
            assert self.recounted(badge) == self.strikes(badge)

    def recounted(self, badge: str) -> set[int]:
        """The incidents with a substantiated case against this officer."""
        found = set()
        for case, told in self.verdicts.items():
            if told.verdict == "substantiated" and badge in told.officers:
                found.add(self.own[case])
        return found

    def strikes(self, badge: str) -> set[int]:
        """The incidents for which a strike is in force; and the sanctions fit their number."""
        marks = [d for d in self.books.under("strike") if d.subject.id == badge]
        found = {d.cause.incident_id.int for d in marks if d.cause.incident_id}
        crossed = [d for d in self.books.under("accountability", "transfer")
                   if d.cause.scope.id == badge]  # fmt: skip
        assert max(0, min(len(found), 3) - 1) == len(crossed)
        return found


TestIncidents = Incidents.TestCase
