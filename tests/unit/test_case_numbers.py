"""Case numbers as people write them: one case whatever the spelling, none where it is not clear."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.casework.rules import numbers

ID = UUID("0190a6c2-7e35-7c1f-9f0a-6a1f4cb3a001")
NUMBER = "26-000123"


@pytest.mark.parametrize(
    "said",
    [
        "26-000123", " 26-123 ", "26000123", "26123", "26 000123", "26 - 000123", "26-0000000123",
        "2026-000123", "2026000123", "２６－０００１２３", "２６ー１２３", "26—000123", "26–123",
        "26−123", "٢٦-٠٠٠١٢٣", "26\u200b-000123", "26--123", "办件26-000123号",
        "与 26-000123 是同一件事", "办件——26-000123", "No. 26-000123.", "（26-000123）",
        "26-000123、26-000123",
        "5月6日的26-000123", "2026-05-06 26-000123", "2026-05-06 26000123", "26-000123\n",
        "http://10.26.0.5:8002/desk/cases/26-000123?done=verdicts", "/desk/cases/26-000123",
        "%E5%8A%9E%E4%BB%B626-000123",
    ],
)  # fmt: skip
def test_a_number_in_any_spelling(said: str) -> None:
    """What a person would read as the number is read as the number."""
    assert NUMBER == numbers.read(said)


@pytest.mark.parametrize(
    "said",
    [
        str(ID), str(ID).upper(), ID.hex, f" {ID} ", f"{{{ID}}}", f"urn:uuid:{ID}",
        f"https://desk.example/desk/cases/{ID}", f"https://desk.example/desk/cases/{ID}?done=kept#x",
        f"见 http://10.0.0.5:8002/desk/cases/{ID}/verdicts 谢谢", f"26-000123 {ID}",
        str(ID).replace("-", "－"),
    ],
)  # fmt: skip
def test_an_id_or_a_link_of_the_page(said: str) -> None:
    """The id counts, wherever it was copied from, also beside a number."""
    assert ID == numbers.read(said)


@pytest.mark.parametrize(
    "said",
    [
        "", " ", "-", "没有", "26", "26-", "不是编号", "26-000123 和 26-000124", "26-a",
        "126-123", f"{ID} {UUID(int=7)}", "2026-05-06", "13800138000123456789",
    ],
)  # fmt: skip
def test_what_names_no_case_or_several(said: str) -> None:
    """Nothing is guessed."""
    assert numbers.read(said) is None


DASHES = st.sampled_from(["-", "－", "—", "–", "−", "ー", "", " - ", " ", "- "])
AROUND = st.text(st.sampled_from("办件号的与，。（）：、 \n是同一"), max_size=8)
DIGITS = st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩"])


@given(
    year=st.integers(26, 99), running=st.integers(1, 10**9), zeros=st.integers(0, 3), dash=DASHES,
    before=AROUND, after=AROUND, digits=DIGITS, century=st.booleans(),
)  # fmt: skip
def test_every_spelling_of_a_number_is_that_number(
    year: int, running: int, zeros: int, dash: str, before: str, after: str, digits: str,
    century: bool,
) -> None:  # fmt: skip
    """Digits of any script, any dash or none, zeros more or less, words around: the same case."""
    typed = f"{'20' if century else ''}{year}{dash}{'0' * zeros}{running}"
    said = before + typed.translate({48 + n: digit for n, digit in enumerate(digits)}) + after
    assert f"{year}-{running:06}" == numbers.read(said)


@given(st.text(max_size=200))
def test_whatever_is_typed_is_a_number_an_id_or_nothing(said: str) -> None:
    """No text raises anything, and what is read reads again as the same."""
    found = numbers.read(said)
    assert found is None or found == numbers.read(str(found))
