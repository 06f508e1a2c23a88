"""The ops port: alive, ready, metrics."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import orjson
from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[dict[str, str]]]


def ops_app(check: Check) -> web.Application:
    """`/healthz` alive · `/readyz` can serve (the reasons if not) · `/metrics` Prometheus text."""

    async def healthz(_: web.Request) -> web.Response:
        return _json({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        parts = await check()
        ready = parts["database"] == "ok" and parts["service"] == "ok"
        return _json(parts, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    async def exposition(_: web.Request) -> web.Response:
        response = web.Response(body=generate_latest())
        response.headers[hdrs.CONTENT_TYPE] = CONTENT_TYPE_LATEST
        return response

    app = web.Application()
    app.add_routes(
        [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", exposition)]
    )
    return app


def _json(parts: Mapping[str, str], status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(
        body=orjson.dumps(parts), status=int(status), content_type="application/json"
    )
