"""The ops port: alive, ready, metrics; of one process, or of several workers together."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

import orjson
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from shared.observe import metrics
from shared.observe.together import one_page, samples

Check = Callable[[], Awaitable[dict[str, str]]]
_SILENT = "no answer"
SAMPLES = "/samples"


class Answer(NamedTuple):
    """What a worker says of itself; nothing by default."""

    status: int = HTTPStatus.SERVICE_UNAVAILABLE
    text: str = "{}"


Ask = Callable[[str], Awaitable[Sequence[Answer]]]


def ops_app(check: Check) -> web.Application:
    """`/healthz` alive · `/readyz` can serve (the reasons if not) · `/metrics` Prometheus text.

    `/samples` is the same for the process that speaks for several.
    """

    async def healthz(_: web.Request) -> web.Response:
        return _json({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        parts = await check()
        return _json(parts, fine=parts["database"] == "ok" and parts["service"] == "ok")

    async def exposition(_: web.Request) -> web.Response:
        return _metrics(generate_latest())

    async def counted(_: web.Request) -> web.Response:
        return web.Response(body=samples(), content_type="application/json")

    app = _app(healthz, readyz, exposition)
    app.router.add_get(SAMPLES, counted)
    return app


def whole_app(ask: Ask) -> web.Application:
    """The same of all workers, who are asked: alive and ready if each is, and one page of metrics.

    Where one is silent the page says so, and nothing else: a sum without its part would look like
    a fresh start.
    """

    async def state(request: web.Request) -> web.Response:
        answers = await ask(request.path)
        parts = together([orjson.loads(one.text) for one in answers])
        return _json(parts, fine=_all_well(answers))

    async def exposition(_: web.Request) -> web.Response:
        answers = await ask(SAMPLES)
        silent = sum(one.status != HTTPStatus.OK for one in answers)
        return _metrics(_silence(silent) if silent else one_page(one.text for one in answers))

    return _app(state, state, exposition)


def together(told: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Each part's state once; where workers differ, what is not ok, and at which of them."""
    parts = dict.fromkeys(part for one in told for part in one) or ["service"]
    return {part: _one([one.get(part, _SILENT) for one in told]) for part in parts}


def _one(states: Sequence[str]) -> str:
    if len(set(states)) == 1:
        return states[0]
    several = enumerate(states, 1)
    return "; ".join(f"worker {number}: {state}" for number, state in several if state != "ok")


def _all_well(answers: Sequence[Answer]) -> bool:
    return all(one.status == HTTPStatus.OK for one in answers)


def _app(healthz: Handler, readyz: Handler, exposition: Handler) -> web.Application:
    app = web.Application()
    app.add_routes(
        [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", exposition)]
    )
    return app


def _json(parts: Mapping[str, str], *, fine: bool = True) -> web.Response:
    status = HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(
        body=orjson.dumps(parts), status=int(status), content_type="application/json"
    )


def _silence(workers: int) -> bytes:
    alone = CollectorRegistry()
    alone.register(metrics.WORKERS_SILENT)
    metrics.WORKERS_SILENT.set(workers)
    return generate_latest(alone)


def _metrics(page: bytes) -> web.Response:
    response = web.Response(body=page)
    response.headers[hdrs.CONTENT_TYPE] = CONTENT_TYPE_LATEST
    return response
