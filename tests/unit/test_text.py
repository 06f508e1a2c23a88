"""The one door for typed text: what people mean survives, however they type it."""

import re
import string
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import phone, text

ROOT = Path(__file__).parents[2]
# What looks at characters that nobody types, or that came through the door before.
NOT_TYPED = {
    "shared/observe/log.py", "deploy/local/ports.py", "shared/values/spelling.py",
    "deploy/local/instances.py", "deploy/cli/backup/programs.py",
    "services/verification/casework/rules/naming.py",
}  # fmt: skip
DIGITS = [
    "".join(chr(zero + n) for n in range(10))
    for zero in (0x30, 0xFF10, 0x660, 0x6F0, 0x966, 0x1D7D8)
]
ZEROS = st.sampled_from(DIGITS)


@st.composite
def as_typed(draw: st.DrawFn, digits: str) -> str:
    """A number in digits of any scripts, mixed, with spaces and dashes between them."""
    between = st.sampled_from(["", "", " ", "-", "\u3000", "－", "\u200b", "\u00a0", "—"])
    return "".join(draw(ZEROS)[int(d)] + draw(between) for d in digits)


@given(st.text(max_size=80))
def test_an_identifier_is_settled_at_once(typed: str) -> None:
    """Read again, it stays; nothing invisible, no space and no foreign digit is left in it."""
    once = text.identifier(typed)
    assert once == text.identifier(once)
    assert not any(c.isspace() or (unicodedata.decimal(c, None) and not c.isascii()) for c in once)


@given(st.text(max_size=80))
def test_lines_hold_nothing_that_turns_a_page(typed: str) -> None:
    """No control character but line breaks and tabs is left, and none is a reason to refuse."""
    told = text.lines(typed)
    assert told == text.lines(told)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in told if c not in "\n\t")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("第一行\x0b第二行", "第一行\n第二行"),
        ("一\x0c二\r三\r\n四\u2028五", "一\n二\n三\n四\n五"),
        ("响\x07铃\x00\x1b[31m", "响铃[31m"),
        ("翻\u202e转", "翻转"),
        ("क्\u200dष", "क्\u200dष"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_words_as_they_are_pasted(typed: str, told: str) -> None:
    """Breaks of every kind are line breaks; what cannot be seen goes, what shapes letters stays."""
    assert told == text.lines(typed)


@given(as_typed("13977770100"))
def test_a_phone_in_any_digits_is_one_phone(typed: str) -> None:
    """Full-width and other digits, mixed as they may be, end as the same ASCII number."""
    assert "+8613977770100" == phone.parse(typed)


def by_library(typed: str) -> str | None:
    """What the library alone makes of it."""
    try:
        return phone.parse_any(text.identifier(typed), "CN")
    except ValueError:
        return None


def by_us(typed: str) -> str | None:
    """What we make of it, by the short way where there is one."""
    try:
        return phone.parse(typed)
    except ValueError:
        return None


@given(st.from_regex(r"\A[-+ ]{0,2}(86|0086)?[- ]?1[0-9 -]{9,13}\Z"))
def test_the_short_way_decides_like_the_library(typed: str) -> None:
    """Whatever looks like a mainland mobile gets the library's own answer, yes or no."""
    assert by_library(typed) == by_us(typed)


@given(st.text(st.sampled_from("+-().,;#ext 0123456789１３８９０１３＋－　٣\u200b"), max_size=24))
def test_both_ways_are_equal_on_any_input(typed: str) -> None:
    """There is no spelling in which the short way keeps what the library would have changed."""
    found = by_us(typed)
    assert by_library(typed) == found
    assert found is None or found.isascii()


@pytest.mark.parametrize(
    "typed", ["170004", "170-004", "170004-", "１７０００４", "170 004", "170－004", "170.004 "]
)
def test_a_badge_in_any_spelling_is_one_badge(typed: str) -> None:
    """Dashes, spaces and widths do not hide who is meant."""
    assert "170004" == text.badge(typed)
    assert text.badge("a-17.b") == text.badge("Ａ17B") == "A17B"


@pytest.mark.parametrize("typed", ["ada", "ADA", "Ａｄａ", " ada\u3000", "a\u200bda"])
def test_a_username_in_any_spelling_is_one_name(typed: str) -> None:
    """What an input method makes of a name does not lock anybody out."""
    assert "ada" == text.username(typed)


@pytest.mark.parametrize(
    "typed",
    ["身份证丢", "身份证 丢了", "身分证，丢", "身份證丟", "身\u200b份证丢", "身份证\n丢"],
)
def test_a_keyword_is_found_in_any_spelling(typed: str) -> None:
    """Spaces, punctuation, traditional characters and variants hide no word."""
    assert text.keyword("身份证丢") in text.keyword(typed)


def test_nobody_else_looks_at_typed_characters() -> None:
    """No `\\d`, `isdigit` or the like stands outside the one door: they take every script's."""
    looks = re.compile(r"\\[dD]|\.is(digit|decimal|numeric)\(")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("services", "shared", "deploy")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if looks.search(line) and path != Path(text.__file__)
        if str(path.relative_to(ROOT)) not in NOT_TYPED
    ]
    assert [] == found


@given(st.text(string.ascii_letters + string.digits + "._-", max_size=20))
def test_look_alikes_are_one(code: str) -> None:
    """Comparing is settled at once, and does not depend on the case."""
    assert text.look_alike(code) == text.look_alike(code.lower()) == text.look_alike(code.upper())
