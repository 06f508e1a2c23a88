"""HTTP: one application shape for all services, errors as problem details, the ops port.

Raise a `Problem` anywhere; the edge turns it into `application/problem+json` (RFC 9457), or into an
error page for a browser that asks for HTML.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import orjson
from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ValidationError

from shared.errors import FieldError, Invalid, Malformed, NotFound, Problem, TooLarge
from shared.observe import log, metrics, trace

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, Problem], web.Response]
M = TypeVar("M", bound=BaseModel)

MAX_BODY = 256 * 1024
STATIC = Path(__file__).parent / "static"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def make_app(
    routes: Sequence[web.AbstractRouteDef],
    error_page: ErrorPage | None = None,
    max_body: int = MAX_BODY,
) -> web.Application:
    """The service's public application."""
    app = web.Application(middlewares=[edge(error_page)], client_max_size=max_body)
    app.add_routes(list(routes))
    app.router.add_static("/static/", STATIC)
    return app


def edge(error_page: ErrorPage | None) -> Any:
    """The one middleware: trace, errors, headers, metrics."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        trace.start(request.headers.get("traceparent"))
        started = time.perf_counter()
        try:
            response = await handler(request)
        except Exception as error:
            response = _answer(request, error, error_page)
        if not response.prepared:
            _finish(request, response)
        _measure(request, response.status, time.perf_counter() - started)
        return response

    return middleware


def _finish(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Correlation-Id"] = trace.correlation_id() or ""
    kept = "public, max-age=3600" if request.path.startswith("/static/") else "no-store"
    response.headers.setdefault(hdrs.CACHE_CONTROL, kept)


def _measure(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    metrics.HTTP_REQUESTS.labels(request.method, route, status).inc()
    metrics.HTTP_SECONDS.labels(route).observe(seconds)


def _answer(
    request: web.Request, error: Exception, error_page: ErrorPage | None
) -> web.StreamResponse:
    if isinstance(error, web.HTTPException) and error.status < HTTPStatus.BAD_REQUEST:
        # aiohttp wants an exception raised, never returned, and here it has been caught.
        return web.Response(status=error.status, headers=error.headers)
    problem = _as_problem(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.get().error(
            "request failed", method=request.method, status=int(problem.status),
            error=repr(error), exc_info=error,
        )  # fmt: skip
    if error_page and wants_html(request):
        return error_page(request, problem)
    return problem_response(problem)


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge(f"At most {MAX_BODY // 1024} KiB.")
    if isinstance(error, web.HTTPNotFound):
        return NotFound("There is nothing at this address.")
    if isinstance(error, web.HTTPException):
        return _HTTPProblem(error)
    return Problem()


class _HTTPProblem(Problem):
    """Any other answer that aiohttp itself gives, such as 405."""

    def __init__(self, error: web.HTTPException) -> None:
        self.status = HTTPStatus(error.status)  # type: ignore[misc]
        self.title = self.status.phrase  # type: ignore[misc]
        self.slug = self.status.phrase.lower().replace(" ", "-")  # type: ignore[misc]
        super().__init__()
        self.allow = error.headers.get(hdrs.ALLOW)


def problem_response(problem: Problem) -> web.Response:
    """RFC 9457."""
    response = json_response(problem.as_json(), status=int(problem.status))
    response.content_type = "application/problem+json"
    if isinstance(problem, _HTTPProblem) and problem.allow:
        response.headers[hdrs.ALLOW] = problem.allow
    return response


def json_response(body: object, status: int = 200) -> web.Response:
    """JSON in UTF-8; pydantic models are dumped by themselves."""
    text = body.model_dump_json().encode() if isinstance(body, BaseModel) else orjson.dumps(
        body, default=str, option=orjson.OPT_NON_STR_KEYS
    )  # fmt: skip
    return web.Response(body=text, status=status, content_type="application/json", charset="utf-8")


def wants_html(request: web.Request) -> bool:
    """Whether a person's browser asks, and not a program."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")


async def read_json(request: web.Request, model: type[M]) -> M:
    """The body as `model`. Malformed if it is not JSON, Invalid naming each wrong field."""
    if request.content_type not in ("application/json", "application/cloudevents+json"):
        raise Malformed("Send the body as application/json.")
    body = await request.read()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors()):
            raise Malformed("The body is not valid JSON.") from None
        raise Invalid("", *field_errors(error)) from None


def field_errors(error: ValidationError) -> list[FieldError]:
    """What pydantic found, as (field, what to do), without quoting the input back."""
    return [
        FieldError(
            ".".join(str(part) for part in e["loc"]) or "body",
            e["msg"].removeprefix("Value error, "),
        )
        for e in error.errors(include_input=False, include_url=False)
    ]


Check = Callable[[], Awaitable[dict[str, str]]]


def ops_app(check: Check) -> web.Application:
    """`/healthz` alive · `/readyz` can serve (the reasons if not) · `/metrics` Prometheus text."""

    async def healthz(_: web.Request) -> web.Response:
        return json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        parts = await check()
        ready = parts["database"] == "ok" and parts["service"] == "ok"
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return json_response(parts, status=int(status))

    async def exposition(_: web.Request) -> web.Response:
        response = web.Response(body=generate_latest())
        response.headers[hdrs.CONTENT_TYPE] = CONTENT_TYPE_LATEST
        return response

    app = web.Application()
    app.add_routes(
        [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", exposition)]
    )
    return app
