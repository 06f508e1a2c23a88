"""The second factor's codes: RFC 6238's own examples, each once, however they are typed."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.signin import drawing, totp

# RFC 6238, appendix B: the secret "12345678901234567890" with SHA-1; of 8 digits the last 6.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
        (2000000000, "279037"), (20000000000, "353130"),
    ],
)  # fmt: skip
def test_the_standards_own_examples(seconds: int, code: str) -> None:
    """Whatever app follows the standard shows what we expect."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert seconds // 30 == totp.step(SECRET, code, at, 0)


@pytest.mark.parametrize(("late", "right"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_telephones_clock_may_be_half_a_minute_off(late: int, right: bool) -> None:
    """One step early or late, and no more."""
    code = pyotp.TOTP(SECRET).at(NOW)
    assert right == (totp.step(SECRET, code, NOW + timedelta(seconds=late), 0) is not None)


def test_a_code_is_good_once() -> None:
    """Who looked over a shoulder comes too late; an older one is no longer good either."""
    code, before = pyotp.TOTP(SECRET).at(NOW), pyotp.TOTP(SECRET).at(NOW - timedelta(seconds=30))
    used = totp.step(SECRET, code, NOW, 0)
    assert used is not None
    assert [None, None] == [totp.step(SECRET, one, NOW, used) for one in (code, before)]


@pytest.mark.parametrize("typed", ["{} {}", " {}{} ", "\u3000{}{}"])
def test_digits_are_taken_as_people_type_them(typed: str) -> None:
    """With the gap that the app shows, and in full width."""
    code = pyotp.TOTP(SECRET).at(NOW)
    wide = code.translate({ord(d): ord(d) - ord("0") + ord("０") for d in "0123456789"})
    for digits in (code, wide):
        assert totp.step(SECRET, typed.format(digits[:3], digits[3:]), NOW, 0) is not None


@given(st.text(max_size=40))
def test_anything_may_be_typed(typed: str) -> None:
    """Six digits at most are right; everything else is wrong, and nothing worse."""
    if totp.step(SECRET, typed, NOW, 0) is not None:
        assert 6 == len([one for one in typed if one.isdigit()])
    totp.hash_of(typed)


def test_recovery_codes_are_many_and_none_twice() -> None:
    """Ten, and as long as nobody guesses; without letters that are read for digits."""
    codes = totp.recovery_codes()
    assert 10 == len(set(codes))
    assert {14} == {len(code) for code in codes}
    assert set("O0I1L").isdisjoint("".join(codes))


def test_a_recovery_code_is_known_however_it_is_typed() -> None:
    """Small letters, no hyphens, full width: the same code."""
    for typed in (
        "ab2c-d3ef-4ghj",
        "AB2CD3EF4GHJ",
        " AB2C D3EF 4GHJ",
        "ＡＢ２Ｃ－Ｄ３ＥＦ－４ＧＨＪ",
    ):
        assert totp.hash_of("AB2C-D3EF-4GHJ") == totp.hash_of(typed), typed
    assert totp.hash_of("AB2C-D3EF-4GHJ") != totp.hash_of("AB2C-D3EF-4GHK")


def test_what_the_app_reads() -> None:
    """Its address names us and the account, and is drawn as a code."""
    secret = totp.new_secret()
    address = totp.address(secret, "ada", "码上评 Mashang")
    read = pyotp.parse_uri(address)
    assert (secret, "ada", "码上评 Mashang") == (read.secret, read.name, read.issuer)
    assert drawing.scanned(address).startswith("<svg")
    assert secret == drawing.grouped(secret).replace(" ", "")
