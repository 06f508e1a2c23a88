"""From a request to a checked Call: who, from where, with what.

The body is read whole before anything is asked of a database, so that a form which is refused for
whatever reason can be shown again with what was typed.
"""

import asyncio
import json
import re
from functools import cache
from typing import Any, cast

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.errors import (
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Refused,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unsupported,
    Wrong,
)
from shared.events import Language
from shared.values import text
from shared.web import forms, problems, session
from shared.web.endpoints import FORM_KEY, Call, Endpoint, Visitor
from shared.web.places import here
from shared.web.session import Door
from shared.web.texts import texts

# 64 KiB in this time are 2 KiB a second, which any connection that works at all can do.
BODY_SECONDS = 30.0
# Where a request keeps its Call, so that whatever refuses it finds what was typed.
CALL = web.RequestKey("call", tuple[Endpoint, Call[Any, Any]])
JSON_TYPES = ("application/json", "application/cloudevents+json")
_KEY = re.compile(r"[\x21-\x7e]{16,128}")


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
    )
    if endpoint.form:
        request[CALL] = endpoint, call
    if not asks:
        await _take_in(request, endpoint, call)
    return call


async def _take_in(request: web.Request, endpoint: Endpoint, call: Call[Any, Any]) -> None:
    """The body; why it could not be read is kept until it is known who asks."""
    try:
        call.raw = await read_body(request, endpoint)
        if endpoint.form:
            call.fields = _fields(call.raw, endpoint.limit)
    except Refused as refused:
        call.unread = refused


def _fields(raw: bytes, limit: int) -> forms.Fields:
    try:
        return forms.parse(raw)
    except Malformed:
        if len(raw) > limit:
            raise TooLarge("refused.form_too_large") from None
        raise


async def read_body(request: web.Request, endpoint: Endpoint) -> bytes:
    """The whole body, within the endpoint's limit and of the kind that it reads."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Unsupported("refused.encoding")
    # A form is read on, if it is not beyond all measure, to be shown again as it was typed.
    most = max(endpoint.limit, forms.MOST_SHOWN) if endpoint.form else endpoint.limit
    if (request.content_length or 0) > most:
        raise TooLarge("refused.too_large", kib=endpoint.limit // 1024)
    try:
        if request.content.is_eof():  # it came with its head, as nearly all do: nothing to wait for
            body = await _read(request, most, endpoint.limit)
        else:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(request, most, endpoint.limit)
    except TimeoutError:
        raise TooSlow() from None
    except (web.RequestPayloadError, OSError, ValueError):
        raise Malformed("refused.body_cut") from None
    if body or endpoint.body is not None or endpoint.form:
        _check_type(request, endpoint)
    return body


async def _read(request: web.Request, most: int, limit: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > most:
            raise TooLarge("refused.too_large", kib=limit // 1024)
    return bytes(body)


def _check_type(request: web.Request, endpoint: Endpoint) -> None:
    wanted = (forms.MEDIA_TYPE,) if endpoint.form else JSON_TYPES
    if not endpoint.raw and request.content_type not in wanted:
        raise Unsupported("refused.media_type", wanted=wanted[0])
    if (request.charset or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii"):
        raise Unsupported("refused.charset")


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


def check(endpoint: Endpoint, call: Call[Any, Any]) -> Call[Any, Any]:
    """The call with checked values. Malformed, or Invalid with every wrong field.

    A form of an earlier sign-in, or a too large one, is refused here, where it can be shown again.
    """
    if call.visitor and endpoint.csrf == "token":
        session.check_form_token(call.visitor, call.fields.one("csrf"))
    if len(call.raw) > endpoint.limit:
        raise TooLarge("refused.form_too_large")
    call.repeat_key = _repeat_key(endpoint, call)
    call.query = _query(endpoint, call)
    call.body = _body(endpoint, call)
    return call


def params(endpoint: Endpoint, call: Call[Any, Any]) -> dict[str, Any]:
    """What the address names, cleaned like what is typed. NotFound where that cannot be anything.

    PostgreSQL has no text with a NUL in it.
    """
    try:
        return {
            name: _adapter(cast(Any, kind)).validate_python(text.lines(call.params[name]))
            for name, kind in endpoint.params.items()
        }
    except ValidationError:
        raise NotFound() from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _repeat_key(endpoint: Endpoint, call: Call[Any, Any]) -> str:
    if endpoint.repeat == "form":
        key = call.fields.one("key")
        return FORM_KEY + key if _KEY.fullmatch(key) else ""
    if endpoint.repeat == "header" and not _KEY.fullmatch(call.repeat_key):
        raise Malformed("refused.repeat_key")
    return call.repeat_key


def _query(endpoint: Endpoint, call: Call[Any, Any]) -> BaseModel | None:
    if endpoint.query is None:
        return None
    if nul := [name for name, value in call.asking.items() if "\x00" in value]:
        raise Invalid(*(Wrong(name, problems.UNFIT) for name in nul))
    try:
        return endpoint.query.model_validate(dict(call.asking))
    except ValidationError as error:
        raise Invalid(*problems.wrongs(error, texts(call.language))) from None


def _body(endpoint: Endpoint, call: Call[Any, Any]) -> BaseModel | None:
    if endpoint.body is None:
        return None
    try:
        if endpoint.form:
            return endpoint.body.model_validate(_form_values(endpoint.body, call, endpoint.section))
        return _whole(endpoint.body.model_validate_json(call.raw), call.raw)
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors()):
            raise Malformed("refused.not_json") from None
        raise Invalid(*problems.wrongs(error, texts(call.language))) from None


def _whole(body: BaseModel, raw: bytes) -> BaseModel:
    """The body, unless a name stands in it twice: it would be chance which value counts.

    Each name has its colon, so where there are no more colons than fields there is nothing to look
    for, and nothing is parsed again.
    """
    if raw.count(b":") != len(body.model_fields_set):
        json.loads(raw, object_pairs_hook=_once_each)
    return body


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(found := dict(pairs)) != len(pairs):
        raise Malformed("refused.json_twice")
    return found


def _form_values(model: type[BaseModel], call: Call[Any, Any], section: str) -> dict[str, object]:
    """A form knows only texts: several-valued fields as tuples, blank ones as left out."""
    values: dict[str, object] = {}
    fields = call.fields.within(section)
    for name in model.model_fields:
        if name not in fields:
            continue
        if name in _plural(model):
            values[name] = fields.all(name)
        elif fields.one(name) or model.model_fields[name].is_required():
            values[name] = fields.one(name)
    return values


@cache
def _plural(model: type[BaseModel]) -> frozenset[str]:
    """The fields that a JSON schema would call arrays."""
    found = model.model_json_schema()["properties"]
    return frozenset(
        name
        for name, kind in found.items()
        if "array" in (kind.get("type"), *(one.get("type") for one in kind.get("anyOf", ())))
    )
