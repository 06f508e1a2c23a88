"""Money, phones and seals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import money, phone
from shared.values.seal import Purpose, Seal, SealBroken

OLD, NEW, INDEX = b"o" * 32, b"n" * 32, b"i" * 32
OTHER = b"x" * 32
SEAL = Seal(
    {"phone": {"2": NEW, "1": OLD}, "words": {"2": OTHER}, "note": {"2": OTHER, "1": OLD}}, INDEX
)


@given(st.integers(0, 10**12))
def test_money_survives_text(fen: int) -> None:
    """Fen → yuan → fen loses nothing."""
    assert fen == money.parse_yuan(money.yuan(fen))


@pytest.mark.parametrize(
    "text", ["", "x", "0.001", "20.005", "NaN", "Infinity", "1e400", "1e999999999"]
)
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


def under(ring: dict[str, bytes], purpose: Purpose = "phone") -> Seal:
    """A seal with one purpose only."""
    return Seal({purpose: ring})


@given(st.text(max_size=300), st.text(max_size=50))
def test_what_is_sealed_opens(clear: str, place: str) -> None:
    """Any text comes back from its seal."""
    context = f"phone:{place}"
    assert clear == SEAL.open(SEAL.close(clear, context), context)


@pytest.mark.parametrize("context", ["answer:1", "finding", "", "badge:1", "phones:1"])
def test_a_purpose_without_a_key_is_told(context: str) -> None:
    """A service asks for nothing that it was not given a key for."""
    seal = under({"1": OLD})
    with pytest.raises(SealBroken, match="no sealing key for"):
        seal.close("x", context)
    with pytest.raises(SealBroken, match="no sealing key for"):
        seal.open(SEAL.close("x", "phone:1"), context)


def test_each_purpose_has_its_own_ring() -> None:
    """Who holds the keys of phones opens no words, even under the same context text."""
    sealed = SEAL.close("x", "words:1")
    with pytest.raises(SealBroken):
        under({"2": NEW}, "words").open(sealed, "words:1")
    assert "x" == under({"2": OTHER}, "words").open(sealed, "words:1")


def test_a_finding_is_sealed_as_a_note() -> None:
    """What the desk writes for itself has one key, under two contexts."""
    sealed = SEAL.close("x", "finding:1")
    assert "x" == under({"2": OTHER}, "note").open(sealed, "finding:1")
    with pytest.raises(SealBroken):
        SEAL.open(sealed, "note:1")


def test_a_seal_hides_and_never_repeats() -> None:
    """Equal phones look different at rest."""
    one, two = (SEAL.close("+8613812345678", "phone:1") for _ in range(2))
    assert one != two
    assert "13812345678" not in one


def test_the_old_key_still_opens() -> None:
    """After a rotation, what was sealed before can be read."""
    assert "words" == SEAL.open(under({"1": OLD}).close("words", "phone:1"), "phone:1")


@pytest.mark.parametrize(
    ("sealed", "context"),
    [
        (SEAL.close("x", "phone:1"), "phone:2"),
        (under({"9": NEW}).close("x", "phone:1"), "phone:1"),
        (under({"1": NEW}).close("x", "phone:1"), "phone:1"),
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
    assert index != Seal({}, OLD).index("+8613812345678")
    assert "13812345678" not in index
    with pytest.raises(SealBroken, match="no key for the blind index"):
        under({"1": OLD}).index("+8613812345678")
