"""The ledgers against a recount by other means: a machine over all that may happen to cases."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from services.scoring import recount
from services.scoring.store.held import Book, Found
from shared.events import Attribution, CaseVerified, IncidentChanged, Verdict
from shared.policy import Policies
from tests.unit.scoring_books import POLICIES, POLICY, Books, verdict

BADGES = ("170001", "170002")
UNITS = ("411702001", "411702002")
CASES = range(1, 13)
BOOKS = ("points", "strikes", "criticisms", "clearings", "sanctions")
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
# A stricter policy from the new year on, and years that roll.
STRICT = POLICY.model_copy(
    update={
        "effective_from": date(2027, 1, 1),
        "strikes": POLICY.strikes.model_copy(
            update={"window": "rolling_365_days", "accountability_centipoints": 300}
        ),
        "prominent": POLICY.prominent.model_copy(update={"incidents": 2}),
        "unknown_officer": POLICY.unknown_officer.model_copy(update={"cases": 2}),
    }
)
BOTH = Policies([POLICY, STRICT])
FOUND: tuple[Verdict, ...] = ("substantiated", "partly", "unsubstantiated", "helped")
BLAMED: tuple[Attribution, ...] = ("officers", "unit", "policy", "none")


def found(event: CaseVerified, incident: UUID) -> Found:
    """A verdict as the recount reads it."""
    return Found(
        str(event.case_id), str(incident), event.kind, event.unit_code, event.verdict,
        event.attribution, event.officers, event.categories, event.named, event.received_at,
    )  # fmt: skip


def count(found: Iterable[Found], policies: Policies) -> recount.Books:
    """All books, put together of each unit's and each officer's."""
    told: recount.Books = defaultdict(Counter)
    all_ = sorted(found, key=lambda one: (one.received_at, one.case_id))
    parts = [
        *(
            recount.count_unit(unit, [one for one in all_ if one.unit_code == unit], policies)
            for unit in {one.unit_code for one in all_}
        ),
        *(
            recount.count_officer(badge, [one for one in all_ if badge in one.officers], policies)
            for badge in {badge for one in all_ for badge in one.officers}
        ),
    ]
    for part in parts:
        for name, book in part.items():
            told[name].update(book)
    return told


def held(books: Books) -> dict[str, Book]:
    """The journal as the recount names things."""
    told: dict[str, Book] = {name: Counter() for name in BOOKS}
    for demand, times in (+books.in_force).items():
        rule, scope = demand.cause.rule, demand.cause.scope
        subject = demand.subject.id
        if rule == "strike":
            told["strikes"][subject, scope.id, str(demand.cause.incident_id)] += times
        elif rule == "criticism":
            told["criticisms"][subject, scope.id] += times
        elif rule == "clearing":
            told["clearings"][subject, scope.id] += times
        elif rule not in FOUND:
            badge = scope.id if scope.kind == "officer" else ""
            told["sanctions"][rule, badge, subject, demand.period or ""] += times
        if demand.centipoints:
            told["points"][subject, rule, scope.id] += times * demand.centipoints
    return told


class City(RuleBasedStateMachine):
    """Verdicts, revisions, appeals, joined and parted incidents; told in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.own = {case: 1000 + case for case in CASES}
        self.versions = dict.fromkeys(CASES, 0)
        self.verdicts: dict[int, CaseVerified] = {}
        self.fresh = 2000
        self.travelling: list[CaseVerified | IncidentChanged] = []
        self.books = Books(policies=BOTH)

    @rule(
        case=st.sampled_from(CASES), kind=st.sampled_from(FOUND), blamed=st.sampled_from(BLAMED),
        badges=st.sets(st.sampled_from(BADGES)), unit=st.sampled_from(UNITS),
        category=st.sets(st.sampled_from(sorted(POLICY.category_keys)), max_size=2),
    )  # fmt: skip
    def judge(
        self, case: int, kind: Verdict, blamed: Attribution, badges: set[str], unit: str,
        category: set[str],
    ) -> None:  # fmt: skip
        """A verdict takes effect, or a changed one; of officers who may serve elsewhere by now."""
        before = self.verdicts.get(case)
        told = verdict(
            case, before.revision + 1 if before else 1, verdict=kind, attribution=blamed,
            officers=tuple(sorted(badges)), categories=tuple(sorted(category)),
            incident=self.own[case], unit_code=before.unit_code if before else unit,
            received_at=NEW_YEAR + timedelta(days=(case - 7) * 15, seconds=case - 7),
        )  # fmt: skip
        told = told.model_copy(update={"named": BADGES[:1] if case % 2 else ()})
        self.verdicts[case] = told
        self.travelling.append(told)

    @rule(case=st.sampled_from(CASES), badge=st.sampled_from(BADGES))
    def appeal(self, case: int, badge: str) -> None:
        """An appeal is granted: a new revision without this officer."""
        before = self.verdicts.get(case)
        if before is None or badge not in before.officers:
            return
        left = tuple(one for one in before.officers if one != badge)
        told = before.model_copy(
            update={"revision": before.revision + 1, "officers": left,
                    "attribution": before.attribution if left else "unit"}
        )  # fmt: skip
        self.verdicts[case] = told
        self.travelling.append(told)

    def _move(self, case: int, incident: int) -> None:
        self.own[case], self.versions[case] = incident, self.versions[case] + 1
        self.travelling.append(
            IncidentChanged(
                case_id=UUID(int=case), incident_id=UUID(int=incident), unit_code=UNITS[0],
                received_at=NEW_YEAR, changed_at=NEW_YEAR, version=self.versions[case],
            )
        )  # fmt: skip

    @rule(case=st.sampled_from(CASES), other=st.sampled_from(CASES))
    def join(self, case: int, other: int) -> None:
        """All of the one incident come to the other."""
        target, left = self.own[other], self.own[case]
        for one in [one for one in CASES if self.own[one] == left and left != target]:
            self._move(one, target)

    @rule(case=st.sampled_from(CASES))
    def part(self, case: int) -> None:
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

    def teardown(self) -> None:
        """When everything has arrived: balance == recount, and so is every other book."""
        self.arrive(1, 1.0)
        told = [found(one, UUID(int=self.own[case])) for case, one in self.verdicts.items()]
        counted = count(told, BOTH)
        assert [] == list(recount.differences(counted, held(self.books)))
        balances: Counter[str] = Counter()
        for (unit, *_), points in counted["points"].items():
            balances[unit] -= points
        assert {u: n for u, n in balances.items() if n} == {
            u: n for u, n in self.books.balances.items() if n
        }


City.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestCity = City.TestCase


ONE = Found(
    "c1", "i1", "complaint", "u", "substantiated", "officers", ("A",), ("cold_attitude",), (),
    datetime(2026, 3, 2, tzinfo=UTC),
)  # fmt: skip
EMPTY: Mapping[str, Book] = {name: Counter() for name in BOOKS}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {"points": {("u", "substantiated", "c1"): 200}, "strikes": {("A", "c1", "i1"): 1},
              "criticisms": {("u", "c1"): 1}}),
        ({"verdict": "partly"},
         {"points": {("u", "partly", "c1"): 100}, "strikes": {("A", "c1", "i1"): 1},
          "criticisms": {("u", "c1"): 1}}),
        ({"attribution": "unit", "categories": ()},
         {"points": {("u", "substantiated", "c1"): 100}, "criticisms": {("u", "c1"): 1}}),
        ({"attribution": "policy"}, {"criticisms": {("u", "c1"): 1}}),
        ({"verdict": "unsubstantiated", "named": ("A", "A")}, {"clearings": {("A", "c1"): 1}}),
        ({"verdict": "helped", "named": ("A",)}, {}),
    ],
)  # fmt: skip
def test_one_case_by_hand(changes: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The recount itself, for cases that one can count on one's fingers."""
    told = count([replace(ONE, **changes)], POLICIES)
    assert {name: dict(book) for name, book in told.items() if book} == wanted


def test_a_difference_says_what_stands_there_and_what_should() -> None:
    """In whichever book, in whichever direction."""
    counted = count([ONE], POLICIES)
    surplus = cast(dict[str, Book], {**counted, "strikes": Counter({("B", "c", "i"): 1})})
    assert [
        "strikes: A c1 i1: 0 stands there, 1 by the cases",
        "strikes: B c i: 1 stands there, 0 by the cases",
    ] == list(recount.differences(counted, surplus))
    assert 3 == len(list(recount.differences(counted, EMPTY)))
    assert [] == list(recount.differences(counted, counted))
