"""Phones by kind: which are taken, and what each can be used for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.accept.submission import Draft
from shared.values import phone
from shared.values.phone import NotAPhone
from shared.web.texts import LANGUAGES, text
from tests.unit.test_text import as_typed


@pytest.mark.parametrize(
    ("typed", "e164", "kind"),
    [
        ("13977770100", "+8613977770100", "mobile"),
        ("139７７７７0100", "+8613977770100", "mobile"),
        ("14712345678", "+8614712345678", "mobile"),
        ("tel:+86-139-7777-0100", "+8613977770100", "mobile"),
        ("手机：13977770100（王）", "+8613977770100", "mobile"),
        ("17012345678", "+8617012345678", "virtual"),
        ("167-1234-5678", "+8616712345678", "virtual"),
        ("13491234567", "+8613491234567", "satellite"),
        ("17401234567", "+8617401234567", "satellite"),
        ("0396-2912345", "+863962912345", "landline"),
        ("（０３９６）２９１２３４５", "+863962912345", "landline"),
        ("010 6234 5678", "+861062345678", "landline"),
        ("0396-2912345-802", "+863962912345;ext=802", "landline"),
        ("0396-2912345转802", "+863962912345;ext=802", "landline"),
        ("0396 2912345 轉８０２", "+863962912345;ext=802", "landline"),
        ("03962912345分机802号", "+863962912345;ext=802", "landline"),
        ("0396-2912345 ext. 802", "+863962912345;ext=802", "landline"),
        ("0396-2912345x802", "+863962912345;ext=802", "landline"),
        ("17012345678转1234", "+8617012345678;ext=1234", "landline"),
        ("+852 9123 4567", "+85291234567", "foreign"),
        ("+447911123456", "+447911123456", "foreign"),
        ("+1 415 555 2671 x12", "+14155552671;ext=12", "foreign"),
    ],
)  # fmt: skip
def test_a_number_and_its_kind(typed: str, e164: str, kind: str) -> None:
    """However it is written, a number is one; an extension is part of it and never lost."""
    assert (e164, kind) == (phone.parse(typed), phone.use(e164).kind)


@pytest.mark.parametrize(
    ("kind", "sms", "airtime"),
    [("mobile", True, True), ("virtual", True, False), ("satellite", False, False),
     ("landline", False, False), ("foreign", False, False)],
)  # fmt: skip
def test_what_each_kind_can_get(kind: phone.Kind, sms: bool, airtime: bool) -> None:
    """Only what a vendor can do is promised; a callback always is."""
    assert (kind, sms, airtime) == phone.USES[kind]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("400-123-4567", "costly"), ("+86 400 123 4567", "costly"), ("8001234567", "costly"),
        ("0371-96110", "costly"), ("+1 900 555 1234", "costly"), ("+1 800 555 1212", "costly"),
        ("+44 7012 345678", "costly"), ("+870 773 111 632", "costly"),
        ("+883 5100 12345", "costly"),
        ("14012345678", "data_card"), ("14612345678", "data_card"),
        ("1440012345678", "data_card"), ("1064712345678", "data_card"),
        ("106575123456", "data_card"), ("+86 148 1234 5678", "data_card"),
        ("2912345", "area_code"),
        ("12345", "no_number"), ("110", "no_number"), ("1-800-FLOWERS", "no_number"),
        ("1.3977E+10", "no_number"), ("13977770100/13800138000", "no_number"),
        ("无", "no_number"),
    ],
)  # fmt: skip
def test_what_nobody_can_be_called_at_is_refused_with_its_reason(typed: str, fault: str) -> None:
    """Numbers that cost the caller, machines, and halves of numbers: the form says which it is."""
    with pytest.raises(NotAPhone, match="not a") as refused:
        phone.parse(typed)
    assert fault == refused.value.fault
    with pytest.raises(ValidationError) as error:
        Draft.model_validate({"code": "x", "kind": "rating", "phone": typed})
    (one,) = error.value.errors()
    assert all(text(language, one["type"]) for language in LANGUAGES)


@given(st.text(max_size=60))
def test_any_text_is_a_usable_number_or_told(typed: str) -> None:
    """No text breaks the door; whatever it makes is ASCII, settled, masked and of a known kind."""
    try:
        number = phone.parse(typed)
    except NotAPhone:
        return
    assert number.isascii()
    assert number == phone.parse(number)
    assert phone.use(number).kind in phone.USES
    assert "****" in phone.mask(number)


@given(as_typed("03962912345"), st.sampled_from(["转", "轉", "ext", "x", "分機", "－转"]))
def test_a_landline_with_its_extension_in_any_spelling(typed: str, mark: str) -> None:
    """Digits of any script, spaces and dashes: one number, one extension."""
    assert "+863962912345;ext=802" == phone.parse(f"{typed}{mark}８02")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("打我 138 0013 8000，谢谢", "打我 138****8000，谢谢"),
        ("13800138000和13900139000", "138****8000和139****9000"),
        ("谢谢172031号王警官，等了20分钟", "谢谢172031号王警官，等了20分钟"),
        ("2026年11月26日，第3次", "2026年11月26日，第3次"),
        ("", ""),
    ],
)
def test_numbers_in_what_somebody_wrote_are_masked(written: str, shown: str) -> None:
    """The rest of the words stays as it is, badges and days too."""
    assert shown == phone.hidden(written)
