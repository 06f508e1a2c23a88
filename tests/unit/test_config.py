"""Settings as texts: keys, rings, addresses of other services."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import config
from shared.config import Settings

RAW = bytes(range(32))
TEXT = b64encode(RAW).decode()
BARE: dict[str, Any] = {
    "DATABASE_URL": "postgresql://x", "AMQP_URL": "amqp://x", "http_port": 0, "ops_port": 0,
}  # fmt: skip


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_what_was_encoded(raw: bytes) -> None:
    """Every 32 bytes come back."""
    assert raw == config.key(b64encode(raw).decode())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "32 bytes"), ("AAAA", "32 bytes"), (TEXT + "AAAA", "base64"), (TEXT[:-1], "base64"),
        ("-" * 44, "base64"), ("密" * 32, "base64|ASCII"), (f" {TEXT}", "base64"),
        (b64encode(RAW + b"x").decode(), "32 bytes"), (TEXT.replace("A", "_"), "base64"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_told(text: str, told: str) -> None:
    """A key cut by copying must not become a weaker one."""
    with pytest.raises(ValueError, match=told):
        config.key(text)


def test_the_first_key_of_a_ring_is_the_present_one() -> None:
    """The order is kept, since sealing takes the first."""
    other = b64encode(b"o" * 32).decode()
    assert [("2", RAW), ("1", b"o" * 32)] == list(config.keys(f"2:{TEXT},1:{other}").items())


@pytest.mark.parametrize(
    "text", ["", ":", f":{TEXT}", TEXT, f"1:{TEXT},", f"a b:{TEXT}", f"1:{TEXT};2:{TEXT}", "1:"]
)
def test_what_is_no_ring_is_told(text: str) -> None:
    """A line that says how one is written."""
    with pytest.raises(ValueError, match=r"KEYID:BASE64|base64"):
        config.keys(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        (" , ,", {}),
        ("rewards=https://r.example", {"rewards": "https://r.example"}),
        ("a=http://a/, b=https://b:1/x/ ", {"a": "http://a", "b": "https://b:1/x"}),
        ("a=http://a?x=1", {"a": "http://a?x=1"}),
    ],
)
def test_addresses_of_services(text: str, wanted: dict[str, str]) -> None:
    """Apart by commas, without the slash at the end, so that paths can follow."""
    assert wanted == config.urls(text)
    assert wanted == config.urls(config.urls(text))


@pytest.mark.parametrize(
    "text",
    ["a", "=http://a", "a=", "a=ftp://a", "a=javascript:x", "a=//a", "a=a.example", "a=http://a,b"],
)
def test_what_is_no_address_is_told(text: str) -> None:
    """Nothing but http and https, each under a name."""
    with pytest.raises(ValueError, match="SERVICE=URL"):
        config.urls(text)


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://m.example", True),
        ("http://m.example", True),
        ("http://127.0.0.1:8080", False),
        ("http://localhost", False),
        ("http://[::1]:1", False),
        ("https://127.0.0.1", True),
        ("http://127.0.0.1.evil.example", True),
        ("http://localhost@evil.example", True),
    ],
)
def test_cookies_are_secure_but_on_ones_own_machine(url: str, secure: bool) -> None:
    """Only loopback without TLS does without; a name that only begins so does not."""
    assert secure == Settings(**BARE, public_url=url).secure_cookies
