"""Who calls: the peer, or whom a trusted proxy names; never what a caller says of itself."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from shared import config
from shared.values.household import household
from shared.web.callers import BARE, Outside

PROXIES = Outside(proxies=(ip_network("10.0.0.0/8"), ip_network("::1")))


def asked(peer: str, *forwarded: str) -> web.Request:
    """A request from an address, with what stands in its headers."""
    headers = CIMultiDict(("X-Forwarded-For", hops) for hops in forwarded)
    return make_mocked_request("GET", "/", headers).clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("203.0.113.9",), "192.0.2.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9, 10.0.0.2",), "203.0.113.9"),
        ("10.0.0.1", ("1.1.1.1, 203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("1.1.1.1", "203.0.113.9"), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9:4711",), "203.0.113.9"),
        ("10.0.0.1", ("[2001:db8::1]:4711",), "2001:db8::1"),
        ("::1", ("2001:db8::1",), "2001:db8::1"),
        ("::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("1.1.1.1, ' OR 1=1, 10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
    ],
)
def test_the_nearest_stranger_is_the_caller(
    peer: str, forwarded: tuple[str, ...], caller: str
) -> None:
    """Read from our side, and no further than proxies are trusted."""
    assert caller == PROXIES.caller(asked(peer, *forwarded))
    assert peer == BARE.caller(asked(peer, *forwarded))


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0")))
def test_no_header_is_a_failure_of_ours(forwarded: str) -> None:
    """Whatever stands there, the caller is an address."""
    assert household(PROXIES.caller(asked("10.0.0.1", forwarded)))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "192.0.2.1", False),
    ],
)
def test_who_owns_a_network_is_one_caller(one: str, other: str, same: bool) -> None:
    """With IPv6 everybody has more addresses than could ever be counted."""
    assert same == (household(one) == household(other))


def test_proxies_are_named_in_one_line() -> None:
    """Addresses and networks; what is neither stops the start."""
    assert PROXIES.proxies == config.networks("10.0.0.0/8, ::1")
    assert () == config.networks("")
    for wrong in ("nginx", "10.0.0.1/8", "10.0.0.0/33", "1.2.3"):
        with pytest.raises(ValueError, match="should be addresses or networks"):
            config.networks(wrong)
