"""From a request to a Call: who, from where, with what; nothing judged but who may call.

The body is read whole before anything is asked of a database, so that a form which is refused for
whatever reason can be shown again with what was typed.
"""

from typing import Any

from aiohttp import hdrs, web

from shared.errors import Forbidden, Malformed, Refused, TooLarge, Unauthenticated
from shared.events import Language
from shared.web import forms, session, uploads
from shared.web.bodies import check_charset, check_coding, read_body
from shared.web.endpoints import Call, Endpoint, Visitor
from shared.web.places import here
from shared.web.session import Door
from shared.web.uploads import File, Parts, Uploads

# Where a request keeps its Call, so that whatever refuses it finds what was typed.
CALL = web.RequestKey("call", tuple[Endpoint, Call[Any, Any]])
FILES = web.RequestKey("files", list[File])


async def open_call(request: web.Request, endpoint: Endpoint, language: Language) -> Call[Any, Any]:
    """The request as it came: body and fields read, nothing judged yet."""
    asks = request.method in ("GET", "HEAD")
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    call: Call[Any, Any] = Call(
        language=language,
        address=here(request, asked=asks),
        params=request.match_info,
        body=None,
        query=None,
        fields=forms.NONE,
        repeat_key=request.headers.get("Idempotency-Key", ""),
        raw=b"",
        asking=request.query if request.query_string else {},
        cookies=request.cookies if hdrs.COOKIE in request.headers else {},
        bearer=token.strip() if scheme.lower() == "bearer" else "",
        remote=request.remote or "",
        agent="" if endpoint.is_api else request.headers.get(hdrs.USER_AGENT, ""),
        headers=request.headers if endpoint.raw else {},
    )
    if endpoint.form:
        request[CALL] = endpoint, call
    if not asks:
        await _take_in(request, endpoint, call)
    return call


async def _take_in(request: web.Request, endpoint: Endpoint, call: Call[Any, Any]) -> None:
    """The body; why it could not be read is kept until it is known who asks."""
    try:
        if endpoint.uploads and request.content_type == uploads.MEDIA_TYPE:
            await _take_files(request, endpoint.uploads, call)
            return
        call.raw = await read_body(request, endpoint)
        if endpoint.form:
            call.fields = _fields(call.raw, endpoint.limit)
    except Refused as refused:
        call.unread = refused


async def _take_files(request: web.Request, allowed: Uploads, call: Call[Any, Any]) -> None:
    """What had come before it was too much is kept too, to be shown again."""
    check_coding(request)
    check_charset(request)
    parts = Parts()
    try:
        await uploads.read(request, allowed, parts)
    finally:
        call.fields, call.files = parts.fields, parts.files
        request[FILES] = parts.files


def _fields(raw: bytes, limit: int) -> forms.Fields:
    try:
        return forms.parse(raw)
    except Malformed:
        if len(raw) > limit:
            raise TooLarge("refused.form_too_large") from None
        raise


async def admit(
    request: web.Request,
    endpoint: Endpoint,
    door: Door | None,
    call: Call[Any, Any],
    *,
    secure: bool,
) -> Call[Any, Any]:
    """The call with its visitor, if the endpoint is theirs to call.

    Nobody is told what is wrong with a body before it is known that they may send one.
    """
    if endpoint.caller.kind == "staff":
        visitor = await _visitor(endpoint, door, call)
        if visitor.operator.role not in endpoint.caller.roles:
            raise Forbidden("refused.role")
        if endpoint.confirm and not visitor.is_confirmed:
            raise Forbidden("refused.confirm_first")
        call.visitor = visitor
    if call.unread:
        raise call.unread
    if endpoint.csrf != "none":
        session.check_origin(request, secure=secure)
    return call


async def _visitor(endpoint: Endpoint, door: Door | None, call: Call[Any, Any]) -> Visitor:
    if door is None:
        raise Unauthenticated()
    if not endpoint.is_api:
        return await door.by_cookie(call.cookies)
    if not call.bearer:
        raise Unauthenticated("refused.bearer_missing")
    return await door.by_bearer(call.bearer)
