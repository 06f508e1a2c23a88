"""The edge of every service: problems, headers, traces."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Conflict
from shared.web.edge import make_app, read_json

Client = TestClient[web.Request, web.Application]


class Body(BaseModel):
    """What the test's endpoint takes."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2)
    number: int


async def _echo(request: web.Request) -> web.Response:
    body = await read_json(request, Body)
    return web.json_response({"name": body.name})


async def _conflict(_: web.Request) -> web.Response:
    raise Conflict("It is closed.")


async def _defect(_: web.Request) -> web.Response:
    raise RuntimeError("secret 13812345678")


@pytest.fixture
async def client() -> TestClient:  # type: ignore[type-arg]
    """A served application."""
    routes = [web.post("/api/v1/echo", _echo), web.get("/c", _conflict), web.get("/d", _defect)]
    return TestClient(TestServer(make_app(routes, max_body=1024)))


@pytest.mark.parametrize(
    ("body", "status", "slug", "field"),
    [
        (b'{"name": "x", "number": 1}', 422, "invalid", "name"),
        (b'{"name": "xy", "number": "z"}', 422, "invalid", "number"),
        (b'{"name": "xy", "number": 1, "more": 1}', 422, "invalid", "more"),
        (b"{", 400, "malformed", None),
        (b"", 400, "malformed", None),
        (b"[]", 422, "invalid", "body"),
        (b'{"name": "' + b"x" * 2000 + b'"}', 413, "too-large", None),
    ],
    ids=["short", "not a number", "unknown", "broken", "empty", "list", "large"],
)
async def test_bad_input_is_a_problem_with_the_fields_name(
    client: Client, body: bytes, status: int, slug: str, field: str | None
) -> None:
    """Any bad body gets a problem document that names the field, never a 500."""
    async with client:
        headers = {"Content-Type": "application/json"}
        response = await client.post("/api/v1/echo", data=body, headers=headers)
        problem = await response.json()
    assert (status, "application/problem+json") == (response.status, response.content_type)
    assert f"urn:mashang:problem:{slug}" == problem["type"]
    assert field == (problem["errors"][0]["field"] if "errors" in problem else None)


async def test_another_content_type_is_told(client: Client) -> None:
    """A form sent to the API learns what to send instead."""
    async with client:
        response = await client.post("/api/v1/echo", data={"name": "xy"})
        assert (400, "Send the body as application/json.") == (
            response.status,
            (await response.json())["detail"],
        )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/api/v1/echo", 405), ("GET", "/c", 409)],
)
async def test_every_refusal_is_a_problem(
    client: Client, method: str, path: str, status: int
) -> None:
    """Also what aiohttp itself answers."""
    async with client:
        response = await client.request(method, path)
        problem = await response.json()
    assert (status, status) == (response.status, problem["status"])
    assert "application/problem+json" == response.content_type


async def test_a_defect_tells_nothing(client: Client) -> None:
    """An unexpected error is a 500 without a traceback or anything of the inside."""
    async with client:
        response = await client.get("/d")
        text = await response.text()
    assert 500 == response.status
    assert "138" not in text
    assert "RuntimeError" not in text


async def test_every_answer_is_hardened_and_traceable(client: Client) -> None:
    """Security headers and the correlation id are on errors too."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    async with client:
        headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        response = await client.get("/nowhere", headers=headers)
    assert trace_id == response.headers["X-Correlation-Id"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "nosniff" == response.headers["X-Content-Type-Options"]
    assert "no-store" == response.headers["Cache-Control"]


async def test_the_style_sheet_is_kept_by_the_browser(client: Client) -> None:
    """On a slow network the second page does not load it again."""
    async with client:
        response = await client.get("/static/mashang.css")
    assert (200, "public, max-age=3600") == (response.status, response.headers["Cache-Control"])
