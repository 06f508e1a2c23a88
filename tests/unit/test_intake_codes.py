"""Unit codes and receipt codes: genuine ones are read however they are typed, others never."""

import string
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.accept import base32, codes, receipts
from services.intake.accept.codes import OldCode, UnitCode, WrongCode
from services.verification.directory.rules import cells
from shared.values import text

KEYS = {"2": b"2" * 32, "1": b"1" * 32}
UNITS = st.from_regex(r"[0-9A-Za-z]([0-9A-Za-z._-]{0,13}[0-9A-Za-z])?", fullmatch=True)
COUNTERS = st.none() | st.integers(1, 99)
SHORT_UNITS = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,7}[0-9A-Za-z]", fullmatch=True)
BADGES = st.from_regex(r"[1-9A-Z][0-9A-Z]{0,5}", fullmatch=True)
WIDE = {ord(c): ord(c) + 0xFEE0 for c in string.ascii_letters + string.digits}
DASHES = "-‐‑‒–—―－﹣−"
# What chats glue to a code, before and behind.
BEFORE = (
    "",
    "\ufeff",
    "「",
    "\u3000",
    "http://x.example/w/",
    "https://x.example/r//",
    "\n",
    "code: ",
    "我的回执码是",
    "see HTTPS://X.EXAMPLE/W/",
    "x.example/R/",
    "Please open my receipt ",
    "%EF%BB%BF",
    "http%3A%2F%2Fx.example%2Fr%2F",
    "【公安】您的编号 ",
)
BEHIND = (
    "", "/", "。", "，", ".", ",", "\n", "。谢谢", "\n请看", "&from=timeline",
    "?from=singlemessage", "?nsukey=a&b=c", "/?x", "#top", "」", "\u200b", "\u3000", "；", "！",
    " thanks", "&amp;from=x", "。。。", ")", "**", "%E3%80%82", "%25E3%2580%2582", "%0A", "\r\n> ",
    " 谢谢 window 3", "/complaint", "\u2028",
)  # fmt: skip


@st.composite
def glued(draw: st.DrawFn, code: str) -> str:
    """The code as it comes out of a chat."""
    typed = code.replace("-", draw(st.sampled_from(DASHES)))
    typed = typed.translate(WIDE) if draw(st.booleans()) else typed
    if draw(st.booleans()):
        cut = draw(st.integers(1, len(typed) - 1))
        typed = (
            typed[:cut]
            + draw(st.sampled_from(["\n", "\r\n", " ", "\u3000", "\u200b"]))
            + typed[cut:]
        )
    elif draw(st.booleans()):
        typed = quote(quote(typed, safe=""), safe="")
    return draw(st.sampled_from(BEFORE)) + typed + draw(st.sampled_from(BEHIND))


@given(UNITS, COUNTERS, st.data())
def test_a_signed_code_is_read_back(unit: str, counter: int | None, data: st.DataObject) -> None:
    """What was signed fits WeChat, and is read however a chat has changed it."""
    code = codes.sign(KEYS, unit, counter)
    assert len(code) <= 32
    assert UnitCode(unit, counter) == codes.read(KEYS, code)
    assert UnitCode(unit, counter) == codes.read(KEYS, data.draw(glued(code)))


@given(st.from_regex(r"[0-9A-HJKMNP-TV-Z]{1,15}", fullmatch=True), COUNTERS)
def test_a_code_is_forgiving_where_it_can(unit: str, counter: int | None) -> None:
    """Of an id in capitals, small letters, look-alikes and missing dashes are understood."""
    code = codes.sign(KEYS, unit, counter)
    sloppy = code.lower().replace("0", "o").replace("1", "l")
    assert UnitCode(unit, counter) == codes.read(KEYS, sloppy)
    assert UnitCode(unit, counter) == codes.read(KEYS, code.replace("-", " "))


@given(UNITS)
def test_the_end_of_a_code_is_forgiving_for_every_id(unit: str) -> None:
    """Whatever the unit's id, the signature may be typed in small letters."""
    code = codes.sign(KEYS, unit, 7)
    assert UnitCode(unit, 7) == codes.read(KEYS, code[:-13] + code[-13:].lower())


@given(UNITS, COUNTERS, st.data())
def test_one_wrong_character_is_refused(
    unit: str, counter: int | None, data: st.DataObject
) -> None:
    """Changing any single character of the end makes the code a forgery."""
    code = codes.sign(KEYS, unit, counter)
    places = [n for n in range(len(unit), len(code)) if code[n] != "-"]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from(base32.ALPHABET.replace(code[place], "")))
    with pytest.raises(WrongCode):
        codes.read(KEYS, code[:place] + other + code[place + 1 :])


@given(UNITS, UNITS)
def test_a_code_of_one_unit_opens_no_other(unit: str, other: str) -> None:
    """A signature taken from another unit's code opens nothing but its own."""
    if text.look_alike(unit) != text.look_alike(other):
        forged = other + codes.sign(KEYS, unit, 1)[len(unit) :]
        with pytest.raises(WrongCode):
            codes.read(KEYS, forged)


def test_the_limit_said_at_import_is_the_one_that_fits() -> None:
    """The longest id that the directory takes makes a code of exactly WeChat's 32 characters."""
    assert 32 == codes.LONGEST == len(codes.sign(KEYS, "x" * cells.UNIT_LENGTH, 99))
    with pytest.raises(ValueError, match="1 to 15"):
        codes.sign(KEYS, "x" * (cells.UNIT_LENGTH + 1))


@given(UNITS, COUNTERS, st.data())
def test_a_pasted_code_is_told_as_it_is_printed(
    unit: str, counter: int | None, data: st.DataObject
) -> None:
    """Links on the page are made from the printed code, not from what was glued to it."""
    code = codes.sign(KEYS, unit, counter)
    assert code == codes.read(KEYS, data.draw(glued(code))).code


@given(st.text() | st.text("-0AW/% \n。", max_size=900))
def test_any_other_text_is_refused(typed: str) -> None:
    """No text breaks the reader or passes it."""
    with pytest.raises(WrongCode):
        codes.read(KEYS, typed)


def test_old_keys_still_read_and_removed_keys_do_not() -> None:
    """A code printed under an older key works until that key is taken off the ring."""
    old = codes.sign({"1": KEYS["1"]}, "411700001")
    assert UnitCode("411700001", None) == codes.read(KEYS, old)
    with pytest.raises(WrongCode):
        codes.read({"2": KEYS["2"]}, old)


def test_a_retired_key_is_told_apart() -> None:
    """Its codes are known as ours and open nothing; a forged one under its id stays a forgery."""
    old = codes.sign({"1": KEYS["1"]}, "411700001")
    with pytest.raises(OldCode):
        codes.read({"2": KEYS["2"]}, old, {"1": KEYS["1"]})
    with pytest.raises(WrongCode) as forged:
        codes.read({"2": KEYS["2"]}, old, {"1": b"other" * 8})
    assert not isinstance(forged.value, OldCode)


@given(
    st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,7}[0-9A-Za-z]", fullmatch=True), BADGES, st.data()
)
def test_an_officers_code_names_unit_and_badge(unit: str, badge: str, data: st.DataObject) -> None:
    """Both are read back, however the badge was written when it was signed."""
    code = codes.sign(KEYS, unit, officer=f"警号：{badge}")
    assert len(code) <= 32
    assert UnitCode(unit, officer=badge) == codes.read(KEYS, data.draw(glued(code)))


@given(UNITS, st.integers(1, 9), st.data())
def test_a_kiosks_code_is_no_counters(unit: str, kiosk: int, data: st.DataObject) -> None:
    """It names the tablet, and nobody turns a counter's code into one."""
    code = codes.sign(KEYS, unit, kiosk=kiosk)
    assert UnitCode(unit, kiosk=kiosk) == codes.read(KEYS, data.draw(glued(code)))
    with pytest.raises(WrongCode):
        codes.read(KEYS, codes.sign(KEYS, unit, 1).replace("-01-", f"-K{kiosk}-"))


@pytest.mark.parametrize(
    ("unit", "place", "told"),
    [
        ("411700001", {"officer": "1234567"}, "16 characters, and 15 fit"),
        ("1", {"officer": "1" * 15}, "badge is 1 to 14"),
        ("1", {"officer": "甲"}, "badge is 1 to 14"),
        ("1", {"kiosk": 10}, "kiosk is 1 to 9"),
        ("1", {"kiosk": 1, "officer": "7"}, "a counter's, a kiosk's or an officer's"),
        ("1", {"kiosk": 1, "counter": 1}, "a counter's, a kiosk's or an officer's"),
    ],
)
def test_a_place_that_does_not_fit_is_named(unit: str, place: dict[str, Any], told: str) -> None:
    """Whoever prints codes hears what was too long or too much."""
    with pytest.raises(ValueError, match=told):
        codes.sign(KEYS, unit, **place)


@pytest.mark.parametrize(
    ("unit", "counter", "kid"),
    [("411700001", 0, "1"), ("411700001", 100, "1"), ("1", 1, "12"), ("1" * 16, None, "1"),
     ("", None, "1"), ("一", None, "1"), ("1", None, "O"), ("a b", None, "1"), ("-a", None, "1")],
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_signed(
    unit: str, counter: int | None, kid: str
) -> None:
    """Odd ids, counters out of range and long key ids are refused when signing."""
    with pytest.raises(ValueError, match=r"counter|digits"):
        codes.sign({kid: b"k" * 32}, unit, counter)


def test_the_form_of_a_code_is_kept() -> None:
    """Codes hang on windows for years: this very code must stay readable."""
    assert "411700002-03-2" == codes.sign(KEYS, "411700002", 3)[:14]
    assert 26 == len(codes.sign(KEYS, "411700002", 3))


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=128),
    st.data(),
)
def test_a_receipt_code_is_stable_and_forgiving(key: str, data: st.DataObject) -> None:
    """One key, one code; it is recognised in lower case, without dashes, and out of chats."""
    code = receipts.code_of(b"r" * 32, key)
    bare = code.replace("-", "")
    sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "i")
    assert code == receipts.code_of(b"r" * 32, key)
    assert bare == receipts.normalise(sloppy) == receipts.normalise(data.draw(glued(code)))
    assert [4, 4, 4, 4] == [len(group) for group in code.split("-")]


@pytest.mark.parametrize("typed", ["", "0" * 15, "0" * 17, "U" * 16, "零" * 16, "0000-0000"])
def test_what_cannot_be_a_receipt_is_not_looked_up(typed: str) -> None:
    """Wrong lengths and foreign characters are no receipt codes."""
    assert receipts.normalise(typed) is None


@given(st.binary(min_size=10, max_size=32))
def test_base32_takes_the_leading_bits(raw: bytes) -> None:
    """16 characters are the first 80 bits, most significant first."""
    number = 0
    for character in base32.encode(raw, 16):
        number = number * 32 + base32.ALPHABET.index(character)
    assert int.from_bytes(raw[:10]) == number
