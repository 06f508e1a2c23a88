"""Faults of the wire, around every vendor route."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from deploy.sandbox.dialects import DIALECTS
from deploy.sandbox.faults import AFTER, BEFORE, Fault
from deploy.sandbox.parts import PARTS

GARBAGE = b"\x00\xff<html>\xfe upstream \x80\x81"


@web.middleware
async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Spoil a request before it takes effect, or its answer after."""
    vendor = vendor_of(request.path)
    if vendor is None:
        return await handler(request)
    faults = request.app[PARTS].faults
    if fault := faults.strike(vendor, BEFORE, request.path):
        return await spoil(request, web.Response(), fault)
    response = await handler(request)
    if late := faults.strike(vendor, {"delay"}, request.path):
        await asyncio.sleep(late.wait * request.app[PARTS].config.delay_scale)
    if fault := faults.strike(vendor, AFTER, request.path):
        return await spoil(request, response, fault)
    return response


def vendor_of(path: str) -> str | None:
    """Whose dialect a path belongs to; None for the admin API."""
    first = path.split("/")[1]
    return first if first in DIALECTS else None


async def spoil(
    request: web.Request, response: web.StreamResponse, fault: Fault
) -> web.StreamResponse:
    """The answer as the fault leaves it."""
    match fault.kind:
        case "http_500_before" | "http_500_after":
            return web.Response(status=500, text="Internal Server Error")
        case "garbage":
            return web.Response(body=GARBAGE, content_type="application/json")
        case "truncated":
            return await truncate(request, response)
        case _:
            return hang_up(request, response)


def hang_up(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Close the connection; what aiohttp writes afterwards goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    return response


async def truncate(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Promise the whole body, send half of it, close."""
    body = response.body if isinstance(response, web.Response) else b""
    whole = body if isinstance(body, bytes) else b""
    cut = web.StreamResponse(status=response.status, headers={"Content-Type": "application/json"})
    cut.content_length = max(len(whole), 2)
    await cut.prepare(request)
    await cut.write(whole[: len(whole) // 2])
    return hang_up(request, cut)
