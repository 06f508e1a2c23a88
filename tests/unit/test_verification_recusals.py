"""From whom a case is kept: whoever may be meant, and the places up to where they work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.casework.rules import recusals
from services.verification.casework.rules.naming import Person, find
from services.verification.casework.rules.recusals import Around, Suspicion
from shared import access

PATH = ("root", "county", "unit")
CLERK = Person("170001", "张晓伟", "170001")
CLERK_SIGNED_IN = Person("@clerk", "张晓伟", "170001", "unit")
QUIET = Person("170002", "李建国", "170002")
HEAD = Person("@head", "欧阳雪", None, "county", of_unit=False)
CHIEF = Person("@chief", "诸葛明", None, "root", of_unit=False)
OTHER_CHIEF = Person("@other", "慕容海", None, "root", of_unit=False)
AUDITOR = Person("@audit", "司马光", of_unit=False)
INSPECTOR = Person("@inspector", "端木清", None, "root", of_unit=False, inspects=True)
PEOPLE = (CLERK, CLERK_SIGNED_IN, QUIET, HEAD, CHIEF, OTHER_CHIEF, AUDITOR, INSPECTOR)
TOWN = Around(PATH, PEOPLE)


def kept(typed: str | None, words: str | None) -> set[str]:
    """From whom a new case is kept."""
    suspicion = recusals.suspect(typed, words, TOWN)
    return set(recusals.examined((), (), suspicion, TOWN))


@pytest.mark.parametrize(
    ("typed", "words", "wanted"),
    [
        (None, "等了两个小时", set()),
        (None, None, set()),
        ("170001", None, {"170001", "?", "#unit"}),
        ("170002", None, {"170002", "?"}),
        ("170003", None, {"170001", "170002", "?", "#unit"}),
        ("999999", None, {"?", "#unit"}),
        (None, "李建国爱理不理", {"170002", "?"}),
        (None, "张小伟爱理不理", {"170001", "@clerk", "?", "#unit"}),
        (None, "170001", {"170001", "?", "#unit"}),
        (None, "欧阳雪也不管", {"@head", "?", "#unit", "#county"}),
        (None, "诸葛明也不管", {"@chief", "?", "#unit", "#county"}),
        (None, "司马光也不管", {"@audit", "?"}),
    ],
)
def test_a_case_goes_above_whoever_may_be_meant(
    typed: str | None, words: str | None, wanted: set[str]
) -> None:
    """One who works there: a level higher. A colleague without a desk: only the nameless go."""
    assert wanted == kept(typed, words)


def test_a_unit_that_nobody_knows_is_its_own_top() -> None:
    """There is no place above it yet, so that nobody is shut out for good."""
    alone = Around(("unit",), ())
    assert {"?"} == recusals.kept_from((), True, alone)


@given(st.sets(st.sampled_from(["170001", "170002", "@clerk", "@head", "@chief"])), st.booleans())
def test_nothing_that_was_kept_is_shown_by_looking_again(persons: set[str], doubtful: bool) -> None:
    """A second look only adds, and twice is once; the place at the top is never shut out."""
    before = recusals.kept_from(persons, doubtful, TOWN)
    now = recusals.suspect("170001", "李建国", TOWN)
    once = recusals.examined(before, (), now, TOWN)
    assert before | {"170001", "170002"} <= once
    assert once == recusals.examined(once, (), now, TOWN)
    assert "#root" not in once


def test_what_was_cleared_stays_cleared() -> None:
    """The same words suspect nobody a second time; somebody else they still do."""
    now = recusals.suspect("999999", "170001", TOWN)
    before = recusals.examined((), (), now, TOWN)
    assert set() == recusals.released(before, (), TOWN)
    assert set() == recusals.examined((), before, now, TOWN)
    wider = recusals.suspect("999999", "170001 李建国", TOWN)
    assert {"170002", "?"} == recusals.examined((), before, wider, TOWN)


def test_one_is_released_and_the_other_stays() -> None:
    """The case goes as far down as those allow who stay."""
    before = recusals.kept_from({"170001", "@head"}, False, TOWN)
    assert {"#unit", "#county"} < before
    assert {"170001", "?", "#unit"} == recusals.released(before, {"170001"}, TOWN)
    assert {"@head", "?", "#unit", "#county"} == recusals.released(before, {"@head"}, TOWN)


def test_another_account_of_the_same_person_is_kept_out_too() -> None:
    """Who is called like the officer and has no badge on record may be the officer."""
    twin = Person("@twin", "李 建国", None, "county", of_unit=False)
    other = Person("@li", "李建国", "170999", "county", of_unit=False)
    town = Around(PATH, (*PEOPLE, twin, other))
    suspicion = recusals.suspect("170002", None, town)
    expected = {"170002", "@twin", "?", "#unit", "#county"}
    assert expected == recusals.examined((), (), suspicion, town)


@pytest.mark.parametrize(
    ("persons", "left"),
    [({"170001"}, True), ({"@head"}, True), ({"@chief"}, True), ({"@chief", "@other"}, False)],
)
def test_somebody_must_be_left(persons: set[str], left: bool) -> None:
    """At the top another person takes it, if there is one."""
    assert left == recusals.somebody_left(recusals.kept_from(persons, False, TOWN), TOWN)


def test_what_is_the_inspections_stays_theirs() -> None:
    """Released from a person or examined again; and only an inspector is somebody left."""
    kept = recusals.INSPECTED | recusals.kept_from({"170001"}, False, TOWN)
    assert recusals.INSPECTED == recusals.released(kept, (), TOWN)
    assert kept <= recusals.examined(kept, ("170001",), Suspicion(), TOWN)
    assert recusals.somebody_left(kept, TOWN)
    assert not recusals.somebody_left(kept | {"@inspector"}, TOWN)
    assert not recusals.somebody_left(recusals.INSPECTED, Around(PATH, (HEAD, CHIEF, AUDITOR)))


def test_a_badge_stays_the_badges_and_a_name_the_persons() -> None:
    """Who was found by badge is not kept away once the directory says that it is not theirs."""
    by_badge = Suspicion(tuple(find("170001", PEOPLE)))
    by_name = Suspicion(tuple(find("张晓伟", PEOPLE)))
    assert {"170001"} == by_badge.persons
    assert {"170001", "@clerk"} == by_name.persons


def test_who_is_nobody_is_not_among_the_persons() -> None:
    """Places and the nameless are no people to name on a page."""
    kept = {"170001", "@x", "#unit", access.NAMELESS, access.OUTSIDERS}
    assert {"170001", "@x"} == recusals.persons_in(kept)
