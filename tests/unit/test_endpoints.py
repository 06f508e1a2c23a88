"""A table of endpoints is checked whole before anything is served."""

from typing import Any

import pytest
from pydantic import BaseModel

from shared.errors import Misconfigured
from shared.web.endpoints import PUBLIC, VENDOR, Call, Endpoint, checked, report, staff
from shared.web.replies import Text

AUDITORS = staff(["auditor"])


class Answer(BaseModel):
    """What the endpoints say."""


async def nothing(_: Call[None, None]) -> Text:
    """A handler."""
    return Text("")


def endpoint(**changed: Any) -> Endpoint:
    """A page for everybody, with some parts changed."""
    whole: dict[str, Any] = {
        "method": "GET", "path": "/x", "handler": nothing, "summary": "X", "who": PUBLIC,
    }  # fmt: skip
    return Endpoint(**(whole | changed))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"who": None}, "does not say who may call it"),
        ({"who": staff([])}, "names no role"),
        ({"summary": ""}, "has no summary"),
        ({"path": "/api/v1/x"}, "says no answer"),
        ({"path": "/x/{code}"}, "params that are not those of its path"),
        ({"params": {"code": str}}, "params that are not those of its path"),
        ({"method": "POST", "who": AUDITORS}, "without a form token"),
        ({"method": "POST", "who": AUDITORS, "csrf": "origin"}, "without a form token"),
    ],
)
def test_an_endpoint_that_is_not_whole_stops_the_start(
    changed: dict[str, Any], complaint: str
) -> None:
    """One line says which endpoint lacks what."""
    with pytest.raises(Misconfigured, match=complaint) as error:
        checked([endpoint(**changed)])
    assert changed.get("path", "/x") in str(error.value)


def test_a_route_that_is_there_twice_stops_the_start() -> None:
    """The second would never be reached; another method at the same address is fine."""
    with pytest.raises(Misconfigured, match="GET /x is there twice"):
        checked([endpoint(), endpoint(method="POST"), endpoint()])


def test_whole_endpoints_pass() -> None:
    """Pages, forms with a token, APIs by bearer token, vendors' reports."""
    table = [
        endpoint(),
        endpoint(path="/w/{code}", params={"code": str}),
        endpoint(method="POST", who=AUDITORS, csrf="token"),
        endpoint(method="POST", path="/api/v1/x", who=AUDITORS, answers={201: Answer}),
        endpoint(method="POST", path="/reports/x", who=VENDOR, raw=True),
        report("/reports/{vendor}/{secret}", nothing, "What became of it"),
    ]
    assert table == list(checked(table))


def test_the_usual_status_is_the_first_answers() -> None:
    """201 for what makes something; 200 where nothing is said."""
    assert 201 == endpoint(answers={201: Answer, 200: Answer}).status
    assert 200 == endpoint().status
