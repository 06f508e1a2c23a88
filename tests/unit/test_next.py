"""Where signing in leads: the desk or another staff page of ours, in a header that can be sent."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.signin.pages import SignInPages
from shared.web.replies import See

PAGES = SignInPages(cast(Any, None), {"rewards": "https://rewards.example"})


@pytest.mark.parametrize(
    ("typed", "header"),
    [
        ("/desk/cases/1?a=b&c=%20d", "/desk/cases/1?a=b&c=%20d"),
        ("/desk?unit=中文", "/desk?unit=%E4%B8%AD%E6%96%87"),
        ("/desk?q=a b", "/desk?q=a%20b"),
        ("https://rewards.example/rewards?state=held", "https://rewards.example/rewards?state=held"),
        ("/desk/cases/\r\nX: y", ""), ("/desk/cases/\nX: y", ""), ("/desk/\x00", ""),
        ("/desk/\u2028x", ""), ("//[", ""), ("http://[", ""), ("//evil.example", ""),
        ("https://rewards.example.evil/", ""), ("https://rewards.example@evil/", ""),
        ("https://evil/https://rewards.example", ""), ("/desk\\evil", ""), ("/deskevil", ""),
        ("javascript:alert(1)", ""), ("", ""),
    ],
)  # fmt: skip
def test_where_signing_in_leads(typed: str, header: str) -> None:
    """Encoded where it is ours; nothing, and so one's own page, where it is not."""
    assert header == See(PAGES.safe(typed)).header


@given(st.text(max_size=40) | st.text("/desk?\r\n:@[]\\.htps中 \t", max_size=40))
def test_any_next_can_be_sent(typed: str) -> None:
    """No text breaks the answer, injects a line, or leads to another host."""
    for then in (typed, f"/desk/{typed}", f"/desk?{typed}", f"https://rewards.example{typed}"):
        header = See(PAGES.safe(then)).header
        assert header.isascii()
        assert header.isprintable()
        assert " " not in header
        assert header == "" or header.startswith(("/desk", "https://rewards.example"))
