"""Why a number is what it is: the same rules say it that reckon it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.rules import assessment, prominent
from services.scoring.rules.reading import is_addressed, may_read
from services.scoring.rules.values import Fact
from services.scoring.store.papers import Counted
from services.scoring.telling import Teller
from shared.access import INSPECTION, OUTSIDERS, Operator, Role
from shared.events import Attribution, Verdict
from tests.unit.scoring_books import DAY, POLICIES, POLICY, verdict

KEYS = [one.key for one in POLICY.categories]


@given(
    st.sampled_from(get_args(Verdict)), st.sampled_from(get_args(Attribution)),
    st.lists(st.sampled_from([*KEYS, "of_another_policy"]), unique=True),
)  # fmt: skip
def test_the_reason_comes_to_the_deduction(
    found: Verdict, attribution: Attribution, categories: Sequence[str]
) -> None:
    """「扣除相應的績效考評分值」: what is explained is what is taken, to the centipoint."""
    told = assessment.basis_of(found, attribution, categories, POLICY)
    event = verdict(verdict=found, attribution=attribution, categories=tuple(categories))
    taken = assessment.points_of(Fact.of(event), POLICY)
    assert taken == (told.centipoints * told.percent // 100 if told else 0)
    if told and told.category:
        assert told.category in categories


def facts(*days: int, incidents: Sequence[int] = ()) -> list[Fact]:
    """Complaints found true so many days after the second of March."""
    own = incidents or [100 + n for n in range(len(days))]
    return [
        Fact.of(verdict(n + 1, incident=own[n], received_at=DAY + timedelta(days=day)))
        for n, day in enumerate(days)
    ]


def test_an_incident_stands_in_the_month_of_its_first_complaint() -> None:
    """Three complaints about one event over the end of a month are one incident of the first."""
    found = facts(28, 29, 31, 40, incidents=[7, 7, 7, 8])
    march, april = prominent.months_of(found, POLICIES)
    assert (date(2026, 3, 1), [3]) == (march.first, [len(one) for one in march.incidents])
    assert (date(2026, 4, 1), [1]) == (april.first, [len(one) for one in april.incidents])


def test_a_month_says_whether_it_is_prominent() -> None:
    """「連續兩個月反映問題突出」: the third incident makes it so, a second such month calls."""
    told = [
        [(one.is_prominent, one.interview) for one in prominent.months_of(facts(*days), POLICIES)]
        for days in ((0, 1), (0, 1, 2), (0, 1, 2, 32, 33), (0, 1, 2, 32, 33, 34))
    ]
    assert [(False, False)] == told[0]
    assert [(True, False)] == told[1]
    assert [(True, False), (False, False)] == told[2]
    assert [(True, False), (True, True)] == told[3]


def counted(*recused: str) -> Counted:
    """A case that the desk keeps from these."""
    return Counted(
        UUID(int=1), UUID(int=2), DAY, "substantiated", ("cold_attitude", "other"), 1, "officers",
        "26-000123", recused,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "badge", "recused", "told"),
    [
        ("county_supervisor", None, (), ("26-000123", False, True)),
        ("county_supervisor", None, (OUTSIDERS,), ("", True, False)),
        ("leadership", None, (), ("26-000123", False, False)),
        ("leadership", None, (OUTSIDERS,), ("", True, False)),
        ("inspection", None, (), ("26-000123", False, False)),
        ("inspection", None, (OUTSIDERS,), ("26-000123", False, True)),
        ("auditor", None, (OUTSIDERS,), ("26-000123", False, True)),
        ("unit_operator", None, ("?",), ("26-000123", False, False)),
        ("unit_operator", "170001", ("170001",), ("26-000123", False, False)),
        ("unit_operator", "170002", ("170001",), ("26-000123", False, True)),
    ],
)
def test_a_case_is_told_as_far_as_it_is_theirs(
    role: Role, badge: str | None, recused: tuple[str, ...], told: tuple[str, bool, bool]
) -> None:
    """What is the inspection's has no number; a link leads only where the desk lets one in."""
    shown = Teller(POLICIES, Operator("u", "n", role, "city", badge), "zh").case(counted(*recused))
    assert told == (shown.number, shown.hidden, shown.at_desk)
    assert ("" if shown.hidden else "态度冷淡、其他") == shown.about
    assert INSPECTION not in recused


@pytest.mark.parametrize(
    ("role", "badge", "may"),
    [
        ("unit_operator", None, True), ("unit_operator", "170001", True),
        ("unit_operator", "170002", False), ("county_supervisor", "170002", True),
    ],
)  # fmt: skip
def test_no_officer_reads_anothers_page(role: Role, badge: str | None, *, may: bool) -> None:
    """Their own they do, and whoever leads the window without being one of its officers."""
    assert may == may_read(Operator("u", "n", role, "n1", badge), "170001")


@pytest.mark.parametrize(
    ("who", "kind", "about", "told"),
    [
        (Operator("u", "n", "unit_operator", "n1"), "criticism", None, True),
        (Operator("u", "n", "unit_operator", "n2"), "criticism", None, False),
        (Operator("u", "n", "county_supervisor", "n1"), "criticism", None, False),
        (Operator("u", "n", "unit_operator", "n1", "170001"), "clearing", "170001", True),
        (Operator("u", "n", "unit_operator", "n1", "170002"), "clearing", "170001", False),
        (Operator("u", "n", "unit_operator", "n1"), "clearing", "170001", True),
        (Operator("u", "n", "unit_operator", "n1"), "alert", "170001", False),
    ],
)
def test_a_document_is_for_its_unit_or_its_officer(
    who: Operator, kind: str, about: str | None, *, told: bool
) -> None:
    """Who leads the window reads for an officer without an account; leadership's is for nobody."""
    assert told == is_addressed(who, kind, "n1", about)
