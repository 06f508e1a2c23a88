"""The body of a request, whole or not at all: its size, its time, its encoding."""

import asyncio
from codecs import BOM_UTF8

from aiohttp import hdrs, web

from shared.errors import Malformed, TooLarge, TooSlow, Unsupported
from shared.web import forms, uploads
from shared.web.endpoints import Endpoint

# 64 KiB in this time are 2 KiB a second, which any connection that works at all can do.
BODY_SECONDS = 30.0
JSON_TYPES = ("application/json", "application/cloudevents+json")


def check_coding(request: web.Request) -> None:
    """Unsupported unless it comes as it is."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Unsupported("refused.encoding")


def check_charset(request: web.Request) -> None:
    """Unsupported unless its letters are those that we read."""
    if (request.charset or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii"):
        raise Unsupported("refused.charset")


async def read_body(request: web.Request, endpoint: Endpoint) -> bytes:
    """The whole body, within the endpoint's limit and of the kind that it reads."""
    check_coding(request)
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
    if body or endpoint.body is not None or endpoint.form or endpoint.uploads:
        _check_type(request, endpoint)
    # What people's tools write before a text; RFC 8259 lets whoever reads it look past it.
    return body if endpoint.form or endpoint.raw else body.removeprefix(BOM_UTF8)


async def _read(request: web.Request, most: int, limit: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > most:
            raise TooLarge("refused.too_large", kib=limit // 1024)
    return bytes(body)


def _check_type(request: web.Request, endpoint: Endpoint) -> None:
    wanted = (forms.MEDIA_TYPE,) if endpoint.form else JSON_TYPES
    if endpoint.uploads and not endpoint.form:
        wanted = (uploads.MEDIA_TYPE,)
    if not endpoint.raw and request.content_type not in wanted:
        raise Unsupported("refused.media_type", wanted=wanted[0])
    check_charset(request)
