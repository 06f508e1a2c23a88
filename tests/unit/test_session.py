"""Where a form came from, and whether it carries its session's token."""

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from shared.access import Operator
from shared.errors import Forbidden
from shared.web.endpoints import Visitor
from shared.web.session import check_form_token, check_origin, cookie_name, statement_cookie

HERE = "desk.example"
LI = Operator("li", "李", "auditor", "root")
VISITOR = Visitor(LI, 1, "one session")


def comes(
    origin: str | None, site: str | None = None, host: str = HERE, *, secure: bool = True
) -> bool:
    """Whether a form with these headers is taken; behind TLS, as everywhere but at home."""
    given = {"Host": host, "Origin": origin, "Sec-Fetch-Site": site}
    headers = {name: value for name, value in given.items() if value is not None}
    try:
        check_origin(make_mocked_request("POST", "/", headers=headers), secure=secure)
    except Forbidden as error:
        assert "refused.form_from_elsewhere" == error.key  # noqa: PT017
        return False
    return True


@pytest.mark.parametrize(
    ("origin", "site", "taken"),
    [
        ("https://desk.example", None, True),
        ("http://desk.example", "same-origin", True),
        (None, "same-origin", True),
        (None, None, False),
        (None, "same-site", False),
        (None, "cross-site", False),
        (None, "none", False),
        ("null", None, False),
        ("null", "cross-site", False),
        ("https://evil.example", None, False),
        ("https://evil.example", "cross-site", False),
        ("https://desk.example.evil.example", None, False),
        ("https://desk.example:8443", None, False),
        ("https://desk.example:443", None, True),
        ("https://desk.example:80", None, False),
        ("HTTPS://Desk.Example", None, True),
        ("http://desk.example", None, False),
        ("http://desk.example", "cross-site", False),
        ("ws://desk.example", None, False),
        ("https://evil.example/desk.example", None, False),
        ("https://evil.example?desk.example", None, False),
        ("https://evil.example#desk.example", None, False),
        ("https://desk.example@evil.example", None, False),
        ("desk.example", None, False),
        ("http://[", None, False),
        ("http://[::1", "cross-site", False),
        ("", None, False),
    ],
)
def test_a_form_comes_from_our_own_page(origin: str | None, site: str | None, taken: bool) -> None:
    """By its Origin, or by what a browser says of its site; without either it is refused."""
    assert taken == comes(origin, site)


def test_without_tls_the_scheme_is_the_requests() -> None:
    """On one's own machine a page is fetched without TLS; one with it comes from elsewhere."""
    assert comes("http://desk.example", secure=False)
    assert comes("http://desk.example", host="desk.example:80", secure=False)
    assert not comes("https://desk.example", secure=False)
    assert comes("https://desk.example", host="desk.example:443")


def test_no_host_is_nobodys_own() -> None:
    """An empty Host and an empty Origin are not the same place."""
    assert not comes("", host="")
    assert not comes("null", host="")
    assert not comes("https://", host="")


@given(st.text(max_size=40).filter(lambda text: "\n" not in text and "\r" not in text))
def test_no_origin_is_a_failure_of_ours(origin: str) -> None:
    """Whatever stands there, the form is taken or refused."""
    assert comes(origin) in (True, False)


def test_the_token_is_the_sessions() -> None:
    """Another session of the same operator has another one; no token is the empty one."""
    other = Visitor(LI, 1, "another session")
    check_form_token(VISITOR, VISITOR.csrf)
    for given_ in ("", VISITOR.csrf[:-1], VISITOR.csrf.upper(), other.csrf, "é"):
        with pytest.raises(Forbidden, match="form_too_old"):
            check_form_token(VISITOR, given_)


def test_the_token_tells_nothing_of_the_session() -> None:
    """It stands in pages, the session does not."""
    assert "session" not in VISITOR.csrf
    assert 64 == len(VISITOR.csrf)


@pytest.mark.parametrize(("secure", "name"), [(True, "__Host-mashang-who"), (False, "mashang-who")])
def test_cookies_are_pinned_to_the_host(secure: bool, name: str) -> None:
    """Under TLS a browser takes them from this host alone; without, they would be refused."""
    assert (name, name) == (statement_cookie(secure), cookie_name("mashang-who", secure=secure))
