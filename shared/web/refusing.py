"""What is told where there is no answer: a refusal, a mended address, a defect of ours."""

import time
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from shared import faults
from shared.errors import Defect, NotFound, Refused, Unauthenticated, Unavailable
from shared.observe import log
from shared.web import admission, kept, problems
from shared.web.answers import CSP, SECURITY_HEADERS
from shared.web.choices import language
from shared.web.endpoints import FOR_PROGRAMS, Call, Visitor
from shared.web.house import House
from shared.web.mending import mended
from shared.web.places import here, named
from shared.web.replies import Page
from shared.web.texts import texts

# Seconds. A database that is away would fill the log.
_EVERY = 1.0
_quiet_until: dict[str, float] = {}


def tell(
    request: web.Request,
    house: House,
    refused: Refused,
    call: Call[Any, Any] | None = None,
    visitor: Visitor | None = None,
) -> web.StreamResponse:
    """A refusal as its caller reads it: a problem for programs, a page for people."""
    lang = call.language if call else language(request, house.languages(request.path))
    if not wants_html(request):
        return problems.response(refused, texts(lang))
    if admission.CALL in request:
        return house.pages.show(request, lang, _kept(request, house, refused), None)
    who, staff = call.visitor if call else visitor, house.for_staff(request.path)
    return house.pages.refused(request, lang, refused, who, staff=staff)


def _kept(request: web.Request, house: House, refused: Refused) -> Page:
    """What was typed into a form that no page of its own can show, without asking anybody."""
    endpoint, call = request[admission.CALL]
    door = house.door if endpoint.caller.kind == "staff" else None
    if door is None or not isinstance(refused, Unauthenticated):
        return kept.page(call, refused, staff=house.for_staff(request.path))
    # Loading this picture renews a statement that has run out while somebody was writing.
    renewal = door.sign_in("/static/mark.svg")
    parts = urlsplit(renewal)
    page = kept.page(call, refused, door.sign_in("/"), renewal if parts.netloc else "", staff=True)
    if not parts.netloc:
        return page
    policy = SECURITY_HEADERS[CSP].replace("img-src", f"img-src {parts.scheme}://{parts.netloc}")
    return replace(page, headers={**page.headers, CSP: policy})


def wants_html(request: web.Request) -> bool:
    """Whether a person's browser asks, and not a program."""
    for_programs = request.path.startswith(FOR_PROGRAMS)
    return not for_programs and "text/html" in request.headers.get(hdrs.ACCEPT, "")


async def answer(request: web.Request, house: House, error: Exception) -> web.StreamResponse:
    """What escaped every handler, told and logged as what it is."""
    if isinstance(error, web.HTTPException) and error.status < HTTPStatus.BAD_REQUEST:
        # aiohttp wants an exception raised, never returned, and here it has been caught.
        return web.Response(status=error.status, headers=error.headers)
    if isinstance(error, web.HTTPNotFound) and (right := _meant(request, house)):
        return web.Response(status=308, headers={hdrs.LOCATION: right})
    refused = problems.refusal(error)
    note(request, refused, error)
    if isinstance(refused, Defect):
        log.get().error(
            "request failed", method=request.method, status=int(refused.status),
            error=repr(error), exc_info=error,
        )  # fmt: skip
    visitor = await _known(request, house) if isinstance(refused, NotFound) else None
    return tell(request, house, refused, visitor=visitor)


def note(request: web.Request, refused: Refused, error: Exception) -> None:
    """Whoever reads the log finds why somebody was put off: a line a second of each route."""
    if not isinstance(refused, Unavailable):
        return
    now, (method, path) = time.monotonic(), named(request)
    if now >= _quiet_until.get(path, 0):
        _quiet_until[path] = now + _EVERY
        log.get().warning(
            "request put off", method=method, route=path, reason=faults.name_of(error)
        )


async def _known(request: web.Request, house: House) -> Visitor | None:
    """Who stands before an address that there is not, so that their page keeps its head."""
    if house.door is None or not (wants_html(request) and house.for_staff(request.path)):
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
