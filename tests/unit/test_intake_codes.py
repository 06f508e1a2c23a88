"""Unit codes and receipt codes: genuine ones are read however they are typed, others never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.accept import base32, codes, receipts
from services.intake.accept.codes import UnitCode, WrongCode

KEYS = {"2": b"2" * 32, "1": b"1" * 32}
UNITS = st.from_regex(r"[0-9]{9}", fullmatch=True)
COUNTERS = st.none() | st.integers(1, 99)


@given(UNITS, COUNTERS)
def test_a_signed_code_is_read_back(unit: str, counter: int | None) -> None:
    """What was signed is read, also in lower case and with look-alike letters."""
    code = codes.sign(KEYS, unit, counter)
    sloppy = code.lower().replace("0", "o").replace("1", "l")
    assert UnitCode(unit, counter) == codes.read(KEYS, code)
    assert UnitCode(unit, counter) == codes.read(KEYS, sloppy)


@given(UNITS, COUNTERS, st.data())
def test_one_wrong_character_is_refused(
    unit: str, counter: int | None, data: st.DataObject
) -> None:
    """Changing any single character makes the code a forgery."""
    code = codes.sign(KEYS, unit, counter)
    place = data.draw(st.sampled_from([n for n, c in enumerate(code) if c != "-"]))
    other = data.draw(st.sampled_from(base32.ALPHABET.replace(code[place], "")))
    with pytest.raises(WrongCode):
        codes.read(KEYS, code[:place] + other + code[place + 1 :])


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    """No text breaks the reader or passes it."""
    with pytest.raises(WrongCode):
        codes.read(KEYS, text)


def test_old_keys_still_read_and_removed_keys_do_not() -> None:
    """A code printed under an older key works until that key is taken off the ring."""
    old = codes.sign({"1": KEYS["1"]}, "411700001")
    assert UnitCode("411700001", None) == codes.read(KEYS, old)
    with pytest.raises(WrongCode):
        codes.read({"2": KEYS["2"]}, old)


@pytest.mark.parametrize(
    ("unit", "counter", "kid"),
    [("4117O0001", None, "1"), ("411700001", 0, "1"), ("411700001", 100, "1"), ("1", 1, "12"),
     ("", None, "1"), ("一", None, "1"), ("1", None, "O")],
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_signed(
    unit: str, counter: int | None, kid: str
) -> None:
    """Ambiguous letters, counters out of range and long key ids are refused when signing."""
    with pytest.raises(ValueError, match=r"counter|digits"):
        codes.sign({kid: b"k" * 32}, unit, counter)


def test_the_form_of_a_code_is_kept() -> None:
    """Codes hang on windows for years: this very code must stay readable."""
    assert "411700002-03-2" == codes.sign(KEYS, "411700002", 3)[:14]
    assert 26 == len(codes.sign(KEYS, "411700002", 3))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=128))
def test_a_receipt_code_is_stable_and_forgiving(key: str) -> None:
    """One key, one code; it is recognised in lower case, without dashes, with look-alikes."""
    code = receipts.code_of(b"r" * 32, key)
    sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "i")
    assert code == receipts.code_of(b"r" * 32, key)
    assert code.replace("-", "") == receipts.normalise(sloppy)
    assert [4, 4, 4, 4] == [len(group) for group in code.split("-")]


@pytest.mark.parametrize("typed", ["", "0" * 15, "0" * 17, "U" * 16, "０" * 16, "0000-0000"])
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
