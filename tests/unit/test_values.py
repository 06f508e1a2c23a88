"""Money, phones and seals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import money, phone
from shared.values.seal import Seal, SealBroken

OLD, NEW, INDEX = b"o" * 32, b"n" * 32, b"i" * 32
SEAL = Seal({"2": NEW, "1": OLD}, INDEX)


@given(st.integers(0, 10**12))
def test_money_survives_text(fen: int) -> None:
    """Fen → yuan → fen loses nothing."""
    assert fen == money.parse_yuan(money.yuan(fen))


@pytest.mark.parametrize("text", ["", "x", "0.001", "20.005", "NaN", "Infinity", "1e400"])
def test_odd_money_is_refused(text: str) -> None:
    """What is not a whole number of fen is an error, never rounded."""
    with pytest.raises(ValueError, match="not a"):
        money.parse_yuan(text)


@pytest.mark.parametrize(
    "typed",
    ["13812345678", "138 1234 5678", "+86 138-1234-5678", "008613812345678", "138-12345678"],
)
def test_a_phone_in_any_spelling_is_one_phone(typed: str) -> None:
    """However a citizen types the number, it becomes the same E.164."""
    assert "+8613812345678" == phone.parse(typed)


@pytest.mark.parametrize("typed", ["", "abc", "12345", "138123456789", "+999123", "1" * 300])
def test_a_wrong_phone_is_refused_without_being_quoted(typed: str) -> None:
    """The error names no digit, since errors end up in logs."""
    with pytest.raises(ValueError, match="phone number") as error:
        phone.parse(typed)
    assert not any(character.isdigit() for character in str(error.value))


def test_a_masked_phone_keeps_only_what_helps() -> None:
    """The desk recognises the number; nobody can call it."""
    assert "138****5678" == phone.mask("+8613812345678")
    assert "+44****00" == phone.mask("+442079460000")


@given(st.text(max_size=300), st.text(max_size=50))
def test_what_is_sealed_opens(clear: str, context: str) -> None:
    """Any text comes back from its seal."""
    assert clear == SEAL.open(SEAL.close(clear, context), context)


def test_a_seal_hides_and_never_repeats() -> None:
    """Equal phones look different at rest."""
    one, two = (SEAL.close("+8613812345678", "phone:1") for _ in range(2))
    assert one != two
    assert "138" not in one


def test_the_old_key_still_opens() -> None:
    """After a rotation, what was sealed before can be read."""
    assert "words" == SEAL.open(Seal({"1": OLD}, INDEX).close("words", "c"), "c")


@pytest.mark.parametrize(
    ("sealed", "context"),
    [
        (SEAL.close("x", "phone:1"), "phone:2"),
        (Seal({"9": NEW}, INDEX).close("x", "phone:1"), "phone:1"),
        (Seal({"1": NEW}, INDEX).close("x", "phone:1"), "phone:1"),
        ("2.", "phone:1"),
        ("2.%%%", "phone:1"),
        ("", "phone:1"),
        (SEAL.close("x", "phone:1")[:-4] + "AAAA", "phone:1"),
    ],
    ids=["other row", "unknown key", "other key", "empty", "not base64", "nothing", "changed"],
)
def test_what_does_not_fit_does_not_open(sealed: str, context: str) -> None:
    """A value moved to another row, changed, or under another key is an error."""
    with pytest.raises(SealBroken):
        SEAL.open(sealed, context)


def test_the_blind_index_compares_without_telling() -> None:
    """Equal phones have equal indexes under one key, and other indexes under another."""
    index = SEAL.index("+8613812345678")
    assert index == SEAL.index("+8613812345678")
    assert index != Seal({"1": OLD}, OLD).index("+8613812345678")
    assert "138" not in index
