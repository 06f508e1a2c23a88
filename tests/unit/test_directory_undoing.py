"""What a change of the directory changed, and whether it can be taken back."""

from typing import Any

import pytest

from services.verification.directory.rules import telling, tree, undoing
from services.verification.directory.rules.tree import Place

UNIT: dict[str, Any] = {
    "unit_code": "n1", "name": "北县户籍室", "parent": "北县", "parent_code": "north",
    "path": ["root", "north", "n1"], "kind": "household", "counters": 2, "active": True,
    "version": 2, "matters": [],
}  # fmt: skip
OFFICER = {"badge": "A-1", "name": "赵一", "unit_code": "n1", "phone_index": "x", "active": True,
           "version": 2}  # fmt: skip
PLACE = {"place_code": "north", "name": "北县", "level": "county", "parent_code": "root",
         "version": 2}  # fmt: skip
OPERATOR = {"username": "li", "name": "李", "role": "auditor", "scope": "root", "badge": None,
            "active": True, "version": 2}  # fmt: skip
MOVED = {"parent": "南县", "parent_code": "south", "path": ["root", "south", "n1"]}


def before(**was: Any) -> dict[str, Any]:
    """A unit as it was."""
    return {**UNIT, "version": 1, **was}


def test_a_change_is_told_field_by_field() -> None:
    """Only what differs, in the order of the form; a move by the name of where it went."""
    found = telling.differences("units", before(name="旧", counters=1, **MOVED), UNIT)
    assert [("name", "旧"), ("parent", "南县 south"), ("counters", 1)] == [
        (one.field, one.was) for one in found
    ]


def test_a_phone_is_told_by_its_index_alone() -> None:
    """That there is one, or another one, shows; the columns that only programs need do not."""
    [one] = telling.differences("officers", {**OFFICER, "phone_index": None, "version": 1}, OFFICER)
    assert ("phone", None, "x") == (one.field, one.was, one.now)
    assert "phone_index" not in telling.facts("officers", OFFICER)


@pytest.mark.parametrize(
    ("kind", "was", "now", "newest", "why"),
    [
        ("units", before(name="旧"), UNIT, 2, None),
        ("units", before(name="旧"), UNIT, 3, "undo_changed_since"),
        ("units", None, UNIT, 2, "undo_added"),
        ("units", before(parent="旧县"), UNIT, 2, "undo_follows"),
        ("units", before(path=["root", "x", "north", "n1"]), UNIT, 2, "undo_follows"),
        ("units", before(**MOVED), UNIT, 2, None),
        ("operators", {**OPERATOR, "version": 1}, OPERATOR, 2, "undo_password"),
        ("operators", {**OPERATOR, "role": "leadership"}, OPERATOR, 2, None),
    ],
)  # fmt: skip
def test_why_a_change_stays(
    kind: str, was: dict[str, Any] | None, now: dict[str, Any], newest: int, why: str | None
) -> None:
    """Only the newest goes back, nothing that was added, no password, nothing that followed."""
    assert why == undoing.why_not(kind, was, now, newest)


@pytest.mark.parametrize(
    ("kind", "was", "now", "built"),
    [
        ("places", {**PLACE, "name": "旧"}, PLACE, None),
        ("places", {**PLACE, "parent_code": "x"}, PLACE, "below"),
        ("places", {**PLACE, "level": "city"}, PLACE, "below"),
        ("units", before(name="旧", active=False), UNIT, None),
        ("units", before(**MOVED), UNIT, "cases"),
        ("units", before(counters=1), UNIT, "windows"),
        ("units", before(counters=3), UNIT, None),
        ("officers", {**OFFICER, "unit_code": "s1"}, OFFICER, "verdicts"),
        ("officers", {**OFFICER, "active": False}, OFFICER, None),
        ("operators", {**OPERATOR, "role": "leadership"}, OPERATOR, None),
    ],
)  # fmt: skip
def test_what_may_rest_on_a_change(
    kind: str, was: dict[str, Any], now: dict[str, Any], built: str | None
) -> None:
    """Cases rest on where a unit lies, verdicts on where an officer serves; nothing on a name."""
    assert built == undoing.built_on(kind, was, now)


def test_below_a_place_is_all_that_hangs_from_it() -> None:
    """Itself, the places below and their units; a unit's own is itself alone."""
    places = {
        code: Place(code, code, "x", above)
        for code, above in (("root", None), ("north", "root"), ("south", "root"), ("far", "south"))
    }
    units = {"n1": ("root", "north", "n1"), "f1": ("root", "south", "far", "f1")}
    assert {"south", "far", "f1"} == tree.below(places, units, "south")
    assert {"n1"} == tree.below(places, units, "n1")
    assert frozenset() == tree.below(places, units, "nowhere")
