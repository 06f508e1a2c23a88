"""An officer's appeal against a mark: until when, how often, and what it leads to."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.casework.rules import appeals
from services.verification.casework.rules.appeals import Instead
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.requests import Request
from services.verification.casework.rules.verdicts import Ruling
from shared import policy
from shared.access import Operator, Role
from shared.errors import Conflict

POLICY = policy.load(Path("deploy/policy.toml")).editions[0]
MONDAY = datetime.fromisoformat("2026-03-02T10:00:00+08:00")
END = datetime.fromisoformat("2026-03-10T00:00:00+08:00")
CASE = Case(
    UUID(int=1), UUID(int=2), UUID(int=1), "complaint", "u", False, "zh", MONDAY, MONDAY, MONDAY,
    MONDAY, "reached", state="verified", revision=1, verdict="substantiated",
    attribution="officers", officers=("A", "B"), verified_at=MONDAY, final_at=MONDAY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "badge", "earlier", "now", "refused"),
    [
        ({}, "A", 0, MONDAY, None),
        ({}, "A", 0, END - timedelta(microseconds=1), None),
        ({}, "A", 0, END, "appeal_too_late"),
        ({}, "A", 1, MONDAY, "appeal_used"),
        ({}, "A", 1, END, "appeal_used"),
        ({}, "C", 0, MONDAY, "appeal_no_mark"),
        ({"verdict": "partly"}, "B", 0, MONDAY, None),
        ({"verdict": "unsubstantiated"}, "A", 0, MONDAY, "appeal_no_mark"),
        ({"attribution": "unit"}, "A", 0, MONDAY, "appeal_no_mark"),
        ({"attribution": "policy"}, "A", 0, MONDAY, "appeal_no_mark"),
        ({"kind": "rating"}, "A", 0, MONDAY, "appeal_no_mark"),
        ({"state": "open"}, "A", 0, MONDAY, "appeal_not_now"),
        ({"state": "in_review"}, "A", 0, MONDAY, "appeal_not_now"),
        ({"final_at": END}, "A", 0, END, None),
    ],
)
def test_the_officer_may_appeal_once_within_the_working_days(
    changes: dict[str, Any], badge: str, earlier: int, now: datetime, refused: str | None
) -> None:
    """A strike is provisional for 5 working days, during which the officer may appeal once."""
    case = replace(CASE, **changes)
    if refused is None:
        appeals.may_appeal(case, badge, earlier, POLICY, now)
        return
    with pytest.raises(Conflict, match=refused):
        appeals.may_appeal(case, badge, earlier, POLICY, now)


RULED = Ruling("substantiated", "officers", ("A", "B"), ("other",), counters=(2,))


@pytest.mark.parametrize(
    ("ruled", "instead", "wanted"),
    [
        (RULED, "others", Ruling("substantiated", "officers", ("B",), ("other",), counters=(2,))),
        (replace(RULED, officers=("A",)), "others",
         Ruling("substantiated", "unit", (), ("other",), counters=(2,))),
        (RULED, "policy", Ruling("substantiated", "policy", (), ("other",))),
        (RULED, "unfounded", Ruling("unsubstantiated", "none", (), ("other",))),
        (replace(RULED, verdict="partly"), "policy", Ruling("partly", "policy", (), ("other",))),
    ],
)  # fmt: skip
def test_what_stands_in_place_of_the_mark(ruled: Ruling, instead: Instead, wanted: Ruling) -> None:
    """Others answer for it, or a rule did it, or nothing is found after all."""
    assert wanted == appeals.in_place(ruled, "A", instead)


@given(st.sets(st.sampled_from("ABCD"), min_size=1), st.sampled_from("ABCD"),
       st.sampled_from(("others", "policy", "unfounded")))  # fmt: skip
def test_whatever_stands_instead_the_officer_has_no_mark(
    officers: set[str], badge: str, instead: Instead
) -> None:
    """And a ruling with officers names some, one without names none."""
    ruled = replace(RULED, officers=tuple(sorted(officers)))
    found = appeals.in_place(ruled, badge, instead)
    assert badge not in found.officers
    assert (found.attribution == "officers") == bool(found.officers)


@pytest.mark.parametrize(
    ("instead", "answer", "wrong"),
    [
        (None, "", "instead"), ("others", "", None), ("policy", "", None),
        ("unfounded", " ", "answer"), ("unfounded", "经再次核查", None),
    ],
)  # fmt: skip
def test_a_granted_appeal_says_what_stands_instead(
    instead: Instead | None, answer: str, wrong: str | None
) -> None:
    """And what the citizen is told, where something was confirmed to them before."""
    found = appeals.wrong_answer(instead, answer)
    assert wrong == (found.field if found else None)


def test_the_answer_is_due_in_working_days() -> None:
    """Filed on a Friday night: by the end of the next Friday."""
    friday = datetime.fromisoformat("2026-03-06T23:50:00+08:00")
    assert datetime.fromisoformat("2026-03-14T00:00:00+08:00") == appeals.answer_due(friday, POLICY)


def request(asked_by: str, judged_by: str, judged_role: Role) -> Request:
    """An appeal."""
    return Request(
        UUID(int=9), CASE.case_id, "appeal", asked_by, "unit_operator", "", None, MONDAY, END,
        badge="A", judged_by=judged_by, judged_role=judged_role,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "role", "judged_by", "judged_role", "may"),
    [
        ("x", "county_supervisor", "desk", "unit_operator", True),
        ("x", "unit_operator", "desk", "unit_operator", False),
        ("x", "county_supervisor", "y", "county_supervisor", False),
        ("x", "city_supervisor", "y", "county_supervisor", True),
        ("x", "city_supervisor", "y", "city_supervisor", True),
        ("x", "city_supervisor", "x", "city_supervisor", False),
        ("filer", "city_supervisor", "y", "county_supervisor", False),
        ("x", "leadership", "y", "county_supervisor", False),
    ],
)
def test_the_level_above_whoever_decided_answers(
    who: str, role: Role, judged_by: str, judged_role: Role, may: bool
) -> None:
    """Appeal once to the level above; not who filed it, and at the top another person."""
    operator = Operator(who, who, role, "place")
    assert may == request("filer", judged_by, judged_role).is_for(operator)


def test_an_appeal_does_not_lapse() -> None:
    """Silence answers a wish for more time, and no appeal."""
    appeal = request("filer", "y", "county_supervisor")
    assert not appeal.is_over(END + timedelta(days=400))
    assert replace(appeal, kind="extension", badge=None).is_over(END)
