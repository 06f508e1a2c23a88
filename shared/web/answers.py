"""A handler's answer as a response, and the headers that every response carries."""

from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web
from pydantic import BaseModel

from shared.observe import trace
from shared.web import assets, streaming
from shared.web.connections import NAME
from shared.web.endpoints import Call, Endpoint
from shared.web.house import House
from shared.web.replies import Answer, Cookie, Download, Media, Page, Reply, See, Stream, Text

# For this host only: whether its neighbours speak TLS is not ours to say.
STAY_SECURE = "max-age=31536000"
CSP = "Content-Security-Policy"
SECURITY_HEADERS = {
    CSP: (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self';"
        " script-src 'self'; worker-src 'self'; connect-src 'self'; form-action 'self';"
        " manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Of what came from outside, however it was made anew: it runs nothing, and only our pages show it.
CLOSED_UP = {
    CSP: "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    hdrs.CONTENT_DISPOSITION: "inline",
}


async def respond(
    request: web.Request, house: House, endpoint: Endpoint, call: Call[Any, Any], answer: Answer
) -> web.StreamResponse:
    """A handler's answer as a response."""
    response = _response(request, house, endpoint, call, answer)
    if isinstance(answer, Reply | Page | See):
        put(response, answer.cookies)
    if call.visitor and house.door and not endpoint.is_api:
        put(response, await house.door.renewed(call.visitor, call.cookies))
    return response


def put(answer: web.StreamResponse, cookies: tuple[Cookie, ...]) -> None:
    """Set or remove cookies, always for the whole host and out of scripts' reach."""
    for cookie in cookies:
        if cookie.value is None:
            answer.del_cookie(cookie.name, path="/", httponly=True, samesite=cookie.same_site)
            continue
        answer.set_cookie(
            cookie.name, cookie.value, path="/", httponly=True, samesite=cookie.same_site,
            max_age=cookie.max_age,
        )  # fmt: skip


def _response(
    request: web.Request, house: House, endpoint: Endpoint, call: Call[Any, Any], answer: Answer
) -> web.StreamResponse:
    match answer:
        case Page():
            return house.pages.show(request, call.language, answer, call.visitor)
        case See():
            return web.Response(status=303, headers={hdrs.LOCATION: answer.header})
        case Text(content, kind, status, headers):
            return web.Response(
                text=content, status=status, content_type=kind, charset="utf-8", headers=headers
            )
        case Media(content, kind):
            return web.Response(body=content, content_type=kind, headers=CLOSED_UP)
        case Download(content, kind):
            saved = {**CLOSED_UP, hdrs.CONTENT_DISPOSITION: answer.header}
            return web.Response(body=content, content_type=kind, headers=saved)
        case Stream():
            return streaming.begun(request, answer)
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


def finish(request: web.Request, response: web.StreamResponse, *, secure: bool) -> None:
    """The headers of every answer; behind TLS its cookies travel there only."""
    if secure:
        response.headers["Strict-Transport-Security"] = STAY_SECURE
        for cookie in response.cookies.values():
            cookie["secure"] = True
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Correlation-Id"] = trace.correlation_id() or ""
    response.headers[hdrs.SERVER] = NAME
    ours = request.path.startswith(assets.AT)
    kept = assets.kept(request.path, request.query_string) if ours else "no-store"
    response.headers.setdefault(hdrs.CACHE_CONTROL, kept)
