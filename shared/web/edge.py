"""The HTTP application of a service, made from its endpoints.

One middleware traces, answers errors, sets headers and measures; one function turns an endpoint
into a route: read, admit, check, call the handler, answer.
"""

import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import hdrs, web

from shared import faults
from shared.errors import Defect, NotFound, Refused, Unauthenticated
from shared.observe import log, metrics, spans
from shared.patience import within
from shared.web import (
    admission,
    assets,
    checking,
    kept,
    openapi,
    problems,
    refusing,
    streaming,
)
from shared.web.answers import finish, respond
from shared.web.callers import BARE, Outside, believing, sharing
from shared.web.choices import language
from shared.web.endpoints import Call, Endpoint, checked
from shared.web.house import House
from shared.web.places import here, named
from shared.web.replies import Answer, Page, See, Stream

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
# After the handler was given up; both together stay under 5 s.
AGAIN_SECONDS = 1.0
FILE_SECONDS = 60.0
# A child is looked up once: methods, routes and statuses are few.
_requests, _seconds = cache(metrics.HTTP_REQUESTS.labels), cache(metrics.HTTP_SECONDS.labels)


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
    app.router.add_get(assets.PATH, assets.serve)
    streaming.may_close(app)
    return app


async def _without_slash(request: web.Request) -> web.StreamResponse:
    """A link that somebody typed or pasted with a slash too many. 308 keeps a form's method."""
    path, mark, query = here(request, asked=True).partition("?")
    return web.Response(status=308, headers={hdrs.LOCATION: path.rstrip("/") + mark + query})


def route(house: House, endpoint: Endpoint) -> Handler:
    """The aiohttp handler of an endpoint."""
    spoken = house.languages(endpoint.path)

    async def handle(request: web.Request) -> web.StreamResponse:
        call = await admission.open_call(request, endpoint, language(request, spoken))
        try:
            answer = await _patiently(patience(endpoint, call), _do(request, house, endpoint, call))
        except (Refused, *faults.PASSING, *faults.NO_TEXT) as error:
            refused = problems.refusal(error)
            if isinstance(refused, Defect) and refused is not error:
                raise
            refusing.note(request, refused, error)
            if endpoint.tell:
                told = endpoint.tell(refused, call.language)
                return await respond(request, house, endpoint, call, told)
            shown = _led(house, endpoint, call, refused) or await _again(endpoint, call, refused)
            if shown is None:
                return refusing.tell(request, house, refused, call)
            response = await respond(request, house, endpoint, call, shown)
            if not kept.lost(call, response):
                return response
            # Its form has gone from the page, as what it was about has changed.
            return refusing.tell(request, house, refused, call)
        response = await respond(request, house, endpoint, call, answer)
        if isinstance(answer, Stream) and not isinstance(response, web.Response):
            await _listened(request, house, response, answer, call)
        return response

    return _closing(handle) if endpoint.uploads else handle


async def _listened(
    request: web.Request,
    house: House,
    response: web.StreamResponse,
    stream: Stream,
    call: Call[Any, Any],
) -> None:
    """Nobody hears more than their session allows: a stream outlives it by a word at most."""

    async def check() -> None:
        if house.door and call.visitor:
            await house.door.by_cookie(call.cookies)

    finish(request, response, secure=house.secure)
    await streaming.tell(request, response, stream, check)


def _closing(handle: Handler) -> Handler:
    """What came as files is given back at the end, whatever the end is."""

    async def closing(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        finally:
            for file in request.get(admission.FILES, ()):
                file.content.close()

    return closing


async def _do(
    request: web.Request, house: House, endpoint: Endpoint, call: Call[Any, Any]
) -> Answer:
    await admission.admit(request, endpoint, house.door, call, secure=house.secure)
    call.params = checking.params(endpoint, call)
    return await endpoint.handler(checking.check(endpoint, call))


def patience(endpoint: Endpoint, call: Call[Any, Any]) -> float:
    """Longer where files are made anew; what is asked of a database meanwhile has its own."""
    return FILE_SECONDS if call.files else endpoint.patience


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
    # What was refused at the door, or for its size, has an address that nobody has read yet.
    call.params = checking.params(endpoint, call)
    try:
        shown = await within(AGAIN_SECONDS, endpoint.again(call, refused))
    except NotFound:
        raise
    except (Refused, *faults.PASSING, *faults.NO_TEXT):
        return None
    if not isinstance(shown, Page) or shown.code != refused.status:
        return shown
    return replace(shown, headers={**problems.headers(refused), **shown.headers})


def edge(house: House) -> Any:
    """The one middleware: trace, errors, headers, metrics."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started, method, path = time.perf_counter(), *named(request)
        parent, told = request.headers.get("traceparent"), _told(method, path)
        with spans.entering(f"{method} {path}", parent, "server", told) as span:
            try:
                response = await handler(request)
            except Exception as error:
                response = await refusing.answer(request, house, error)
                if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    span.fail(error)
            if not response.prepared:
                finish(request, response, secure=house.secure)
            span.tell({"http.response.status_code": response.status})
            _measure(response, method, path, time.perf_counter() - started)
        return response

    return middleware


@cache
def _told(method: str, path: str) -> dict[str, str | int | float]:
    return {"http.request.method": method, "http.route": path}


def _measure(response: web.StreamResponse, method: str, path: str, seconds: float) -> None:
    _requests(method, path, response.status).inc()
    log.debug(
        "request answered", method=method, route=path, status=response.status, seconds=seconds
    )
    # How long somebody listened says nothing of how quickly we answer.
    if isinstance(response, web.Response):
        _seconds(method, path, metrics.ended(response.status)).observe(seconds)
