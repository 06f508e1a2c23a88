"""Badges as citizens type them: one officer in any spelling, and what may be a slip of one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.directory.rules import sheets
from shared.values import text
from shared.values.sheet import BadSheet
from tests.unit.test_text import DIGITS

BADGES = st.from_regex(r"[1-9A-MO-Z][0-9A-Z]{2,9}", fullmatch=True).filter(
    lambda badge: not badge.startswith(("BADGE", "NO"))
)
LABELS = st.sampled_from(["", "警号", "警号：", "工号 ", "编号:", "No.", "№ ", "（", "#", "「"])
BEHIND = st.sampled_from(["", "-", "－", "。", "号", " ", "\u3000", "）", "，", "\u200b", "\n"])
BETWEEN = st.sampled_from(["", "", "-", "－", "–", " ", "\u3000", ".", "·", "\u200b", "\u00ad"])


@st.composite
def spelt(draw: st.DrawFn, badge: str) -> str:
    """A badge in digits of any script, any case, with labels, zeros, marks and spaces."""
    zeros = draw(st.sampled_from(["", "0", "００"])) if badge[0] in "123456789" else ""
    typed = draw(LABELS) + zeros
    for character in badge:
        if character in string.digits:
            character = draw(st.sampled_from(DIGITS))[int(character)]
        elif draw(st.booleans()):
            character = chr(ord(character.lower()) + 0xFEE0)
        typed += character + draw(BETWEEN)
    return typed + draw(BEHIND)


@given(BADGES, st.data())
def test_a_badge_is_one_in_every_spelling(badge: str, data: st.DataObject) -> None:
    """Digits of any script, width, case, labels, zeros before it, marks: the same normal form."""
    assert text.badge(badge) == text.badge(data.draw(spelt(badge)))


@given(st.text(max_size=60))
def test_any_text_has_one_badge(typed: str) -> None:
    """The normal form is settled at once, and no text breaks it."""
    once = text.badge(typed)
    assert once == text.badge(once) or not once.isascii()
    assert "-" not in once
    text.badge_core(typed)
    text.is_near_badge(typed, once)


@pytest.mark.parametrize(
    ("typed", "badge"),
    [
        ("0170004", "170004"), ("警号：170004", "170004"), ("警号170004号", "170004"),
        ("No. 170004", "170004"), ("№170004", "170004"), ("no170004", "170004"),
        ("(170004)", "170004"), ("170004。", "170004"), ("#170004", "170004"),
        ("170·004", "170004"), ("a-17", "A17"), ("000", "0"), ("", ""), ("。", ""),
        ("170004/170005", "170004/170005"), ("张三", "张三"),
    ],
)  # fmt: skip
def test_what_a_badge_is_compared_by(typed: str, badge: str) -> None:
    """Labels and marks go; two badges in one field, or a name, are not made into one badge."""
    assert badge == text.badge(typed)


@pytest.mark.parametrize(
    "typed",
    ["170-004", "0170004", "P170004", "警P170004", "170004-", "170004A", "17O004", "l70004",
     "170005", "17004", "1700044", "107004", "１７０００４"],
)  # fmt: skip
def test_slips_of_a_badge_are_near_it(typed: str) -> None:
    """Letters around it, look-alikes, and one wrong, missing, added or swapped character."""
    assert text.is_near_badge(typed, "170004")
    assert text.is_near_badge("170004", typed)


@pytest.mark.parametrize("typed", ["", "170015", "17", "70040", "270005", "A", "警号"])
def test_another_badge_is_not_near(typed: str) -> None:
    """Two differences are another officer; nothing is near nobody."""
    assert not text.is_near_badge(typed, "170004")


@given(BADGES, st.data())
def test_one_slip_is_near(badge: str, data: st.DataObject) -> None:
    """Whatever single character is mistyped, left out or doubled."""
    place = data.draw(st.integers(0, len(badge) - 1))
    other = data.draw(st.sampled_from(string.digits + string.ascii_uppercase))
    for slip in (
        badge[:place] + other + badge[place + 1 :],
        badge[:place] + badge[place + 1 :],
        badge[:place] + other + badge[place:],
    ):
        assert text.is_near_badge(badge, slip) or len(text.badge(slip)) + 1 < len(badge)


def test_two_officers_whom_only_a_zero_tells_apart_are_refused() -> None:
    """A spreadsheet drops zeros, and so do citizens: nobody may be taken for the other."""
    with pytest.raises(BadSheet) as bad:
        sheets.read("badge,name,unit_code,phone\n007,甲,u1,\n7,乙,u1,\n".encode())
    assert [(3, "csv.twice")] == [(error.line, error.key) for error in bad.value.errors]
