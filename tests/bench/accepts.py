"""P1: durable accepts/s of the real intake, beside one row and one transaction each."""

import importlib.util
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import asyncpg

from deploy.local.process import Process, StartError
from deploy.local.readiness import until_ready
from services.intake.accept import codes
from shared import config
from shared.events import SubmissionReceived
from tests.bench import generators, pgbench, queues
from tests.bench.load import Outcome
from tests.bench.parts import Spent, spending
from tests.bench.rounds import Contestant, interleave
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, Series, of_rounds

CONNECTIONS = (64, 256)
PGBENCH_CLIENTS = (8, 32, 64)
INTAKE, FASTAPI = "intake", "FastAPI, a transaction each"
BY_OURS = "intake, 64 connections of our own generator"
# P1 at so many connections: of pgbench's best, of FastAPI's, and the processor time of intake.
OF_PGBENCH, OF_FASTAPI, CPU_US = {64: 0.45, 256: 0.5}, 4.0, 200.0
OLDEST_MS = 1000.0
Start = Callable[[Lab], Awaitable[tuple[Process, str]]]
Load = Callable[[], Awaitable[Outcome]]
UNITS = ("411724006", "411702001", "411722003")
WORDS = "下午两点四十七分到窗口办理户口迁移，一直没有人在岗，等了四十分钟。"


@dataclass(frozen=True)
class Run:
    """One run of an HTTP contestant."""

    outcome: Outcome
    spent: Spent

    def costs(self, name: str) -> dict[str, float]:
        """What an accept took of each part's processor time, and how long it and events waited."""
        outcome = self.outcome
        times = {
            f"{name}: {part}, us an accept": seconds / outcome.accepted * 1e6
            for part, seconds in self.spent.parts.items()
        }
        waits = {f"{name}: p50, ms": outcome.p50_ms, f"{name}: p99, ms": outcome.p99_ms}
        return times | waits | {_oldest(name): self.spent.oldest * 1000}


@dataclass
class Course:
    """Runs one HTTP contestant: an empty table, a fresh process, the load, the recount."""

    lab: Lab
    wrong: list[str] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)

    async def run(self, name: str, start: Start, load: Load) -> float:
        """Accepts per second over the measured seconds."""
        await self.lab.truncate("intake", "submissions", "outbox")
        process, ready = await start(self.lab)
        await process.start()
        try:
            await until_ready(process, ready)
            async with spending(self.lab, process.name, process.pid) as spent:
                outcome = await load()
        except StartError as error:
            raise StartError(f"{error}; it said: {self.lab.last_line(process)}") from None
        finally:
            # At once: what it would still relay while it drains has been measured already.
            await process.kill()
            await process.stop()
        if not outcome.rate:
            raise StartError(f"{name} accepted nothing: {outcome.refused or 'no answer'}")
        await self._recount(name, process.name, outcome)
        self.runs.setdefault(name, []).append(Run(outcome, spent))
        return outcome.rate

    async def _recount(self, name: str, measured: str, outcome: Outcome) -> None:
        stored = await self._count("submissions")
        events = await self._count("outbox")
        if outcome.refused:
            self.wrong.append(f"{name}: answers other than 201: {outcome.refused}")
        if not outcome.accepted <= stored <= outcome.accepted + outcome.unheard:
            self.wrong.append(f"{name}: {outcome.accepted} acknowledged, {stored} stored")
        if measured == INTAKE:
            async with queues.channel(self.lab.rabbitmq.amqp_url) as channel:
                events += min((await queues.empty(channel, SubmissionReceived)).values())
        # A relay that is killed has sent some that it did not delete any more.
        if events < stored or (measured != INTAKE and events != stored):
            self.wrong.append(f"{name}: {stored} stored, {events} events")

    async def _count(self, table: str) -> int:
        connection = await asyncpg.connect(self.lab.owner_url("intake"))
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    def costs(self) -> tuple[Series, ...]:
        """Of all runs, by what and of whom."""
        return tuple(
            chain.from_iterable(
                of_rounds([run.costs(name) for run in runs]) for name, runs in self.runs.items()
            )
        )

    def late(self) -> list[str]:
        """Whose events waited too long: what was taken in on credit does not count."""
        return [
            f"{name}: an event waited {run.spent.oldest:.1f} s, so its accepts do not count"
            for name, runs in self.runs.items()
            for run in runs
            if not name.startswith(FASTAPI) and run.spent.oldest * 1000 > OLDEST_MS
        ]


async def intake(lab: Lab, told: Mapping[str, str] = MappingProxyType({})) -> tuple[Process, str]:
    """The real process, with these variables more; and where it says that it is ready."""
    process = lab.module(INTAKE, "services.intake", env={**await lab.env("intake"), **told})
    return process, lab.ports.url("ops_intake") + "/readyz"


async def _fastapi(lab: Lab) -> tuple[Process, str]:
    options = ("--loop", "uvloop", "--no-access-log", "--log-level", "warning")
    where = ("--port", str(lab.ports["intake"]), "--workers", str(lab.workers))
    process = lab.module(
        "fastapi",
        *("uvicorn", "tests.bench.fastapi_app:app", *where, *options),
        env=await lab.env("intake"),
    )
    return process, lab.ports.url("intake") + "/healthz"


def bodies(lab: Lab, env: Mapping[str, str]) -> Path:
    """Complaints in their usual size, from different windows and phones."""
    keys = config.keys(env["MASHANG_CODE_KEYS"])
    path = lab.data / "bodies"
    lines = [
        json.dumps(
            {
                "code": codes.sign(keys, UNITS[n % len(UNITS)], 1),
                "kind": "complaint",
                "satisfaction": 1,
                "categories": ["nobody_at_window"],
                "words": WORDS,
                "phone": f"1390396{n:04d}",
            },
            ensure_ascii=False,
        )
        for n in range(240)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


async def measure(lab: Lab, seconds: float, rounds: int) -> Report:
    """The real process and its rival by wrk at 64 and 256 connections, and pgbench."""
    said = bodies(lab, await lab.env("intake"))
    course = Course(lab)
    ours = partial(generators.ours, lab, seconds, CONNECTIONS[0], said)
    contestants: dict[str, Contestant] = {
        _at(who, many): partial(
            course.run, _at(who, many), start, partial(generators.wrk, lab, seconds, many, said)
        )
        for many in CONNECTIONS
        for who, start in ((INTAKE, intake), (FASTAPI, _fastapi))
    }
    contestants[BY_OURS] = partial(course.run, BY_OURS, intake, ours)
    for clients in PGBENCH_CLIENTS:
        contestants[_pgbench(clients)] = partial(pgbench.rate, lab, clients, seconds)
    series = await interleave(contestants, rounds, lab.say)
    best = max(series[-len(PGBENCH_CLIENTS) :], key=lambda one: one.median).name
    return Report(
        "accepts",
        "P1  durable accepts/s, each answered after COMMIT",
        series,
        tuple(chain.from_iterable(_aims(many, best) for many in CONNECTIONS)),
        (_alike(lab),),
        (*course.wrong, *course.late()),
        costs=course.costs(),
    )


def _at(who: str, connections: int) -> str:
    return f"{who}, {connections} connections"


def _oldest(name: str) -> str:
    return f"{name}: oldest event, ms"


def _pgbench(clients: int) -> str:
    return f"pgbench, one row each, {clients} clients"


def _aims(many: int, best: str) -> tuple[Aim, ...]:
    ours = _at(INTAKE, many)
    cpu, oldest = f"{ours}: {INTAKE}, us an accept", _oldest(ours)
    return (
        Aim(f"{ours} / best pgbench", ours, best, OF_PGBENCH[many]),
        Aim(f"{ours} / FastAPI", ours, _at(FASTAPI, many), OF_FASTAPI),
        Aim(cpu, cpu, None, CPU_US, at_most=True, unit=" us"),
        Aim(oldest, oldest, None, OLDEST_MS, at_most=True, unit=" ms"),
    )


def _alike(lab: Lab) -> str:
    parser = "httptools" if importlib.util.find_spec("httptools") else "h11 (httptools is missing)"
    return f"workers of intake and of uvicorn: {lab.workers}; uvicorn reads HTTP with {parser}"
