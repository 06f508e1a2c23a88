"""The HTTP application of a service, made from its endpoints.

One middleware traces, answers errors, sets headers and measures; one function turns an endpoint
into a route: read, admit, check, call the handler, answer.
"""

import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from pydantic import BaseModel

from shared import faults
from shared.errors import Defect, NotFound, Refused, Unauthenticated, Unavailable
from shared.observe import log, metrics, trace
from shared.patience import within
from shared.web import admission, kept, openapi, problems
from shared.web.callers import BARE, Outside, believing, sharing
from shared.web.connections import NAME
from shared.web.endpoints import Answer, Call, Endpoint, Page, Reply, See, Text, Visitor, checked
from shared.web.mending import mended
from shared.web.pages import Pages, language, put
from shared.web.places import here
from shared.web.session import Door
from shared.web.texts import texts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
# After the handler was given up; both together stay under 5 s.
AGAIN_SECONDS = 1.0

# For this host only: whether its neighbours speak TLS is not ours to say.
STAY_SECURE = "max-age=31536000"
STATIC = Path(__file__).parent / "static"
CSP = "Content-Security-Policy"
SECURITY_HEADERS = {
    CSP: (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class House:
    """What a service shows to the world: its endpoints, its pages, its door for operators.

    `secure` when the world comes through TLS.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    pages: Pages
    door: Door | None = None
    secure: bool = False


def make_app(house: House, outside: Outside = BARE) -> web.Application:
    """The service's public application. Misconfigured if the table of endpoints is not whole."""
    table = checked([*house.endpoints, *openapi.endpoints(house.name, house.endpoints)])
    house = replace(house, secure=outside.secure)
    app = web.Application(middlewares=[edge(house)])
    if outside.proxies:
        app.middlewares[:] = [believing(outside), edge(house), sharing(outside.most)]
    for endpoint in table:
        app.router.add_route(endpoint.method, endpoint.path, route(house, endpoint))
        if endpoint.method == "GET":
            app.router.add_route("HEAD", endpoint.path, route(house, endpoint))
            if not endpoint.is_api and not endpoint.path.endswith("/"):
                app.router.add_route("*", endpoint.path + "/", _without_slash)
    app.router.add_static("/static/", STATIC)
    return app


async def _without_slash(request: web.Request) -> web.StreamResponse:
    """A link that somebody typed or pasted with a slash too many. 308 keeps a form's method."""
    path, mark, query = here(request, asked=True).partition("?")
    return web.Response(status=308, headers={hdrs.LOCATION: path.rstrip("/") + mark + query})


def route(house: House, endpoint: Endpoint) -> Handler:
    """The aiohttp handler of an endpoint."""

    async def handle(request: web.Request) -> web.StreamResponse:
        call = await admission.open_call(request, endpoint, language(request))
        try:
            answer = await _patiently(endpoint.patience, _do(request, house, endpoint, call))
        except (Refused, *faults.PASSING, *faults.NO_TEXT) as error:
            refused = problems.refusal(error)
            if isinstance(refused, Defect) and refused is not error:
                raise
            shown = _led(house, endpoint, call, refused) or await _again(endpoint, call, refused)
            if shown is None:
                return _tell(request, house, refused, call)
            response = await respond(request, house, endpoint, call, shown)
            # Its form may have gone from the page, as what it was about has changed.
            return _tell(request, house, refused, call) if kept.lost(call, response) else response
        return await respond(request, house, endpoint, call, answer)

    return handle


async def _do(
    request: web.Request, house: House, endpoint: Endpoint, call: Call[Any, Any]
) -> Answer:
    await admission.admit(request, endpoint, house.door, call, secure=house.secure)
    call.params = admission.params(endpoint, call)
    return await endpoint.handler(admission.check(endpoint, call))


async def _patiently(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    return await (within(seconds, work) if seconds else work)


def _led(house: House, endpoint: Endpoint, call: Call[Any, Any], refused: Refused) -> Answer | None:
    """To the sign-in, where somebody must and has typed nothing that would be lost on the way."""
    typed = endpoint.form and endpoint.again is not None
    asked = isinstance(refused, Unauthenticated) and endpoint.caller.kind == "staff"
    if house.door is None or not asked or endpoint.is_api or typed:
        return None
    return See(house.door.sign_in("/" if endpoint.form else call.address))


async def _again(endpoint: Endpoint, call: Call[Any, Any], refused: Refused) -> Answer | None:
    """The page of the form with what was typed; None where it cannot be had in time.

    Where there is nothing, or for somebody who is not known, there is no page to show it on, and
    what was never read only the browser still has. NotFound where it is gone by now.
    """
    unknown = endpoint.caller.kind == "staff" and call.visitor is None
    if endpoint.again is None or unknown or call.unread or isinstance(refused, Defect | NotFound):
        return None
    try:
        return await within(AGAIN_SECONDS, endpoint.again(call, refused))
    except NotFound:
        raise
    except (Refused, *faults.PASSING, *faults.NO_TEXT):
        return None


async def respond(
    request: web.Request, house: House, endpoint: Endpoint, call: Call[Any, Any], answer: Answer
) -> web.Response:
    """A handler's answer as a response."""
    response = _response(request, house, endpoint, call, answer)
    if isinstance(answer, Reply | Page | See):
        put(response, answer.cookies)
    if call.visitor and house.door and not endpoint.is_api:
        put(response, await house.door.renewed(call.visitor, call.cookies))
    return response


def _response(
    request: web.Request, house: House, endpoint: Endpoint, call: Call[Any, Any], answer: Answer
) -> web.Response:
    match answer:
        case Page():
            return house.pages.show(request, call.language, answer, call.visitor)
        case See():
            return web.Response(status=303, headers={hdrs.LOCATION: answer.header})
        case Text(content, kind):
            return web.Response(text=content, content_type=kind, charset="utf-8")
        case Reply(model, status, headers):
            return json_response(model, status, headers)
    return json_response(answer, endpoint.status)


def json_response(
    model: BaseModel | None, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A model as JSON in UTF-8; no body where there is no model."""
    if model is None:
        return web.Response(status=status, headers=headers)
    body = model.model_dump_json(by_alias=True).encode()
    return web.Response(
        body=body, status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def edge(house: House) -> Any:
    """The one middleware: trace, errors, headers, metrics."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        trace.start(request.headers.get("traceparent"))
        started = time.perf_counter()
        try:
            response = await handler(request)
        except Exception as error:
            response = await _answer(request, house, error)
        if not response.prepared:
            _finish(request, response, secure=house.secure)
        _measure(request, response.status, time.perf_counter() - started)
        return response

    return middleware


def _finish(request: web.Request, response: web.StreamResponse, *, secure: bool) -> None:
    if secure:
        response.headers["Strict-Transport-Security"] = STAY_SECURE
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Correlation-Id"] = trace.correlation_id() or ""
    response.headers[hdrs.SERVER] = NAME
    kept = "public, max-age=3600" if request.path.startswith("/static/") else "no-store"
    response.headers.setdefault(hdrs.CACHE_CONTROL, kept)


def _measure(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    path = resource.canonical if resource else "unknown"
    method = request.method if request.method in hdrs.METH_ALL else "other"
    metrics.HTTP_REQUESTS.labels(method, path, status).inc()
    metrics.HTTP_SECONDS.labels(path).observe(seconds)


async def _answer(request: web.Request, house: House, error: Exception) -> web.StreamResponse:
    if isinstance(error, web.HTTPException) and error.status < HTTPStatus.BAD_REQUEST:
        # aiohttp wants an exception raised, never returned, and here it has been caught.
        return web.Response(status=error.status, headers=error.headers)
    if isinstance(error, web.HTTPNotFound) and (right := _meant(request, house)):
        return web.Response(status=308, headers={hdrs.LOCATION: right})
    refused = problems.refusal(error)
    if isinstance(refused, Unavailable):
        log.get().warning("request put off", method=request.method, reason=faults.name_of(error))
    if isinstance(refused, Defect):
        log.get().error(
            "request failed", method=request.method, status=int(refused.status),
            error=repr(error), exc_info=error,
        )  # fmt: skip
    visitor = await _known(request, house) if isinstance(refused, NotFound) else None
    return _tell(request, house, refused, visitor=visitor)


async def _known(request: web.Request, house: House) -> Visitor | None:
    """Who stands before an address that there is not, so that their page keeps its head."""
    if house.door is None or not wants_html(request):
        return None
    try:
        return await house.door.by_cookie(request.cookies)
    except (Refused, *faults.PASSING):
        return None


def _meant(request: web.Request, house: House) -> str | None:
    """Where an address leads that a chat has changed. 308 keeps a form's method."""
    pages = (one for one in house.endpoints if not one.is_api)
    right, (_, mark, query) = mended(pages, request.path), here(request, asked=True).partition("?")
    return right and right + mark + query


def _tell(
    request: web.Request,
    house: House,
    refused: Refused,
    call: Call[Any, Any] | None = None,
    visitor: Visitor | None = None,
) -> web.StreamResponse:
    lang = call.language if call else language(request)
    if not wants_html(request):
        return problems.response(refused, texts(lang))
    if admission.CALL in request:
        return house.pages.show(request, lang, _kept(request, house, refused), None)
    who, staff = call.visitor if call else visitor, house.door is not None
    return house.pages.refused(request, lang, refused, who, staff=staff)


def _kept(request: web.Request, house: House, refused: Refused) -> Page:
    """What was typed into a form that no page of its own can show, without asking anybody."""
    endpoint, call = request[admission.CALL]
    door = house.door if endpoint.caller.kind == "staff" else None
    if door is None or not isinstance(refused, Unauthenticated):
        return kept.page(call, refused)
    # Loading this picture renews a statement that has run out while somebody was writing.
    renewal = door.sign_in("/static/mark.svg")
    parts = urlsplit(renewal)
    page = kept.page(call, refused, door.sign_in("/"), renewal if parts.netloc else "")
    if not parts.netloc:
        return page
    policy = SECURITY_HEADERS[CSP].replace("img-src", f"img-src {parts.scheme}://{parts.netloc}")
    return replace(page, headers={**page.headers, CSP: policy})


def wants_html(request: web.Request) -> bool:
    """Whether a person's browser asks, and not a program."""
    for_programs = request.path.startswith(("/api/", "/reports/"))
    return not for_programs and "text/html" in request.headers.get(hdrs.ACCEPT, "")
