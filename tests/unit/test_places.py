"""Where a request stands, as a link that no other host can own."""

from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from shared.web.places import here

OURS = "https://desk.example/desk/cases"


@pytest.mark.parametrize(
    ("came", "shown"),
    [
        ("/desk?lang=en", "/desk?lang=en"),
        ("/w/A-1/%E7%AA%97?x=%20", "/w/A-1/%E7%AA%97?x=%20"),
        ("//evil.example/x", "/x"),
        ("///evil.example", "/evil.example"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("/\\/evil.example", "/%5C/evil.example"),
        ("/%2Fevil.example", "/%2Fevil.example"),
        ("/窗?词=1", "/%E7%AA%97?%E8%AF%8D=1"),
        ("/a?next=//evil.example", "/a?next=//evil.example"),
        ("/", "/"),
    ],
)
def test_a_place_is_on_this_host(came: str, shown: str) -> None:
    """As it came where that is harmless; with one slash at its beginning in any case."""
    assert shown == here(make_mocked_request("GET", came), asked=True)
    assert shown.partition("?")[0] == here(make_mocked_request("GET", came))


@given(st.text(st.characters(exclude_characters="#\r\n \t"), max_size=20))
def test_no_place_leads_elsewhere(rest: str) -> None:
    """Whatever is asked for: printable ASCII, and this host, however a browser reads it."""
    place = here(make_mocked_request("GET", "/" + rest), asked=True)
    assert place.isascii()
    assert place.isprintable()
    for read in (place, place.replace("\\", "/")):
        assert "desk.example" == urlsplit(urljoin(OURS, read)).hostname
