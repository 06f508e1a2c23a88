"""What traces cost an accept: none, of one in a hundred, of all; sent where they are dropped."""

from functools import partial

from aiohttp import web

from deploy.local.ports import free_port
from deploy.local.process import Process
from shared.web.listening import listen
from tests.bench import generators
from tests.bench.accepts import INTAKE, Course, Start, bodies, intake
from tests.bench.rounds import interleave
from tests.bench.servers import Lab
from tests.bench.table import Report

CONNECTIONS = 64
SHARES = {"no traces": None, "one trace in a hundred": 0.01, "all traces": 1.0}
MOST_BYTES = 2**26


async def measure(lab: Lab, seconds: float, rounds: int) -> Report:
    """The same load on the real process, with each share."""
    port = free_port()
    said = bodies(lab, await lab.env("intake"))
    course = Course(lab)
    load = partial(generators.ours, lab, seconds, CONNECTIONS, said)
    contestants = {
        name: partial(course.run, name, _telling(port, share), load)
        for name, share in SHARES.items()
    }
    collector = await listen(_dropping(), "127.0.0.1", port)
    try:
        series = await interleave(contestants, rounds, lab.say)
    finally:
        await collector.cleanup()
    return Report(
        "tracing",
        f"Accepts/s at {CONNECTIONS} connections, by how many traces are told of",
        series,
        (),
        wrong=(*course.wrong, *course.late()),
        costs=tuple(one for one in course.costs() if f": {INTAKE}" in one.name),
    )


def _telling(port: int, share: float | None) -> Start:
    told = {
        "MASHANG_TRACES": "" if share is None else f"http://127.0.0.1:{port}/v1/traces",
        "MASHANG_TRACES_SHARE": f"{share or 0}",
    }

    async def start(lab: Lab) -> tuple[Process, str]:
        return await intake(lab, told)

    return start


def _dropping() -> web.Application:
    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(content_type="application/x-protobuf")

    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post("/v1/traces", take)
    return app
