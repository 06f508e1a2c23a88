"""Form bodies: every value kept in order, nothing unreadable taken for text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.pages.typed import Typed, typed
from shared.errors import Invalid, Malformed
from shared.values import clock
from shared.web import forms

CODE = "411700002-00-1EXAMPLE"


def test_values_are_kept_in_order() -> None:
    """Several values of a field stay; where one is asked for, the last counts."""
    fields = forms.parse(b"categories=a&words=%E8%AF%81+x&categories=b&phone=")
    assert ("a", "b") == fields.all("categories")
    assert ("b", "证 x", "", "") == tuple(
        map(fields.one, ("categories", "words", "phone", "officer_badge"))
    )
    assert "phone" in fields
    assert "officer_badge" not in fields


def test_line_breaks_are_one_character() -> None:
    """As the browser counts them, so that the limit it shows is the limit that holds."""
    assert "a\nb\nc" == forms.parse(b"words=a%0D%0Ab%0Dc").one("words")


@pytest.mark.parametrize("body", [b"\xff", b"words=%ff", b"words", b"a=1&" * 201, b"&&"])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """Broken text, no pairs, or too many."""
    with pytest.raises(Malformed):
        forms.parse(body)


def test_an_empty_form_has_no_fields() -> None:
    """A form of nothing but unticked boxes sends nothing at all."""
    assert forms.NONE == forms.parse(b"")


@given(st.binary(max_size=200))
def test_no_body_is_a_failure_of_ours(body: bytes) -> None:
    """Whatever is sent, it is a form or is refused."""
    try:
        fields = forms.parse(body)
    except Malformed:
        return
    assert typed(fields, "rating").key


def test_each_wrong_field_is_named_once() -> None:
    """Two wrong categories are one thing to mend, at one place of the page."""
    wrong = Typed(
        kind="complaint", categories=("x" * 41, "y" * 41), phone="1", officer_badge="7" * 21,
        consent="1",
    )  # fmt: skip
    with pytest.raises(Invalid) as error:
        wrong.draft(CODE, "zh", clock.now(), clock.SHANGHAI)
    assert ["categories", "officer_badge", "phone"] == [w.field for w in error.value.wrong]


def test_a_form_without_its_key_gets_one() -> None:
    """It only loses the protection of repeats; nobody chooses a key for somebody else."""
    one, other = typed(forms.parse(b"key=short"), "rating"), typed(forms.NONE, "rating")
    assert one.key != other.key
    assert len(one.key) >= 16
    assert "k" * 20 == typed(forms.parse(b"key=" + b"k" * 20), "rating").key
