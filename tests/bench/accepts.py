"""P1: durable accepts/s of the real intake, beside one row and one transaction each."""

import importlib.util
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import asyncpg
import psutil

from deploy.local.family import descendants
from deploy.local.process import Process, StartError
from deploy.local.readiness import until_ready
from services.intake.accept import codes
from shared import config
from shared.events import SubmissionReceived
from tests.bench import pgbench, queues
from tests.bench.load import Outcome
from tests.bench.rounds import Contestant, interleave
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report

CONNECTIONS = 64
PGBENCH_CLIENTS = (8, 32, 64)
WAITING = "intake, events waiting"
LEAVING = "intake, events leaving"
FASTAPI = "FastAPI, a transaction each"
UNITS = ("411724006", "411702001", "411722003")
WORDS = "下午两点四十七分到窗口办理户口迁移，一直没有人在岗，等了四十分钟。"


@dataclass(frozen=True)
class Run:
    """One run of an HTTP contestant; PostgreSQL's processor time is not in it."""

    outcome: Outcome
    cpu_seconds: float

    @property
    def cpu_us(self) -> float:
        """Processor time for one accept: tells more than the rate while the machine is busy."""
        return self.cpu_seconds / self.outcome.accepted * 1e6


@dataclass
class Course:
    """Runs one HTTP contestant: an empty table, a fresh process, the load, the recount."""

    lab: Lab
    seconds: float
    bodies: Path
    wrong: list[str] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)

    async def run(self, name: str, start: Callable[[Lab], Awaitable[tuple[Process, str]]]) -> float:
        """Accepts per second over the measured seconds."""
        await self.lab.truncate("intake", "submissions", "outbox")
        process, ready = await start(self.lab)
        await process.start()
        try:
            await until_ready(process, ready)
            before = _cpu_seconds(process)
            outcome = await self._load()
            run = Run(outcome, _cpu_seconds(process) - before)
        except StartError as error:
            raise StartError(f"{error}; it said: {self.lab.last_line(process)}") from None
        finally:
            # At once: what it would still relay while it drains has been measured already.
            await process.kill()
            await process.stop()
        if not outcome.rate:
            raise StartError(f"{name} accepted nothing: {outcome.refused or 'no answer'}")
        await self._recount(name, outcome)
        self.runs.setdefault(name, []).append(run)
        return outcome.rate

    async def _load(self) -> Outcome:
        arguments = (str(self.lab.ports["intake"]), str(self.seconds), str(CONNECTIONS))
        generator = self.lab.module(
            "load", "tests.bench.load", *arguments, str(self.bodies), env=os.environ
        )
        await self.lab.finish(generator)
        return Outcome(**json.loads(self.lab.last_line(generator)))

    async def _recount(self, name: str, outcome: Outcome) -> None:
        stored = await self._count("submissions")
        events = await self._count("outbox")
        if outcome.refused:
            self.wrong.append(f"{name}: answers other than 201: {outcome.refused}")
        if stored != outcome.accepted:
            self.wrong.append(f"{name}: {outcome.accepted} acknowledged, {stored} stored")
        if name == LEAVING:
            async with queues.channel(self.lab.rabbitmq.amqp_url) as channel:
                events += min((await queues.empty(channel, SubmissionReceived)).values())
        # A relay that is killed has sent some that it did not delete any more.
        if events < stored or (name != LEAVING and events != stored):
            self.wrong.append(f"{name}: {stored} stored, {events} events")

    async def _count(self, table: str) -> int:
        connection = await asyncpg.connect(self.lab.owner_url("intake"))
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()


def _cpu_seconds(process: Process) -> float:
    """With its workers."""
    family = [psutil.Process(process.pid), *descendants(process.pid)]
    return sum(float(sum(one.cpu_times()[:2])) for one in family)


async def _intake(lab: Lab, *, broker: bool) -> tuple[Process, str]:
    env = await lab.env("intake")
    if not broker:
        # Nobody listens there: events wait in the outbox, as they do for all who have no relay.
        env["AMQP_URL"] = f"amqp://127.0.0.1:{lab.ports['sandbox']}/"
    ready = "/readyz" if broker else "/healthz"
    process = lab.module("intake", "services.intake", env=env)
    return process, lab.ports.url("ops_intake") + ready


async def _fastapi(lab: Lab) -> tuple[Process, str]:
    options = ("--loop", "uvloop", "--no-access-log", "--log-level", "warning")
    where = ("--port", str(lab.ports["intake"]), "--workers", str(lab.workers))
    process = lab.module(
        "fastapi",
        *("uvicorn", "tests.bench.fastapi_app:app", *where, *options),
        env=await lab.env("intake"),
    )
    return process, lab.ports.url("intake") + "/healthz"


def _bodies(lab: Lab, env: Mapping[str, str]) -> Path:
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
    """The real process twice (events waiting, events leaving), and its rivals."""
    course = Course(lab, seconds, _bodies(lab, await lab.env("intake")))
    contestants: dict[str, Contestant] = {
        WAITING: partial(course.run, WAITING, partial(_intake, broker=False)),
        LEAVING: partial(course.run, LEAVING, partial(_intake, broker=True)),
        FASTAPI: partial(course.run, FASTAPI, _fastapi),
    }
    for clients in PGBENCH_CLIENTS:
        contestants[_pgbench(clients)] = partial(pgbench.rate, lab, clients, seconds)
    series = await interleave(contestants, rounds, lab.say)
    best = max(series[-len(PGBENCH_CLIENTS) :], key=lambda one: one.median).name
    return Report(
        "accepts",
        "P1  durable accepts/s, each answered after COMMIT",
        series,
        _aims(best),
        (*(_note(name, runs) for name, runs in course.runs.items()), _alike(lab)),
        tuple(course.wrong),
    )


def _pgbench(clients: int) -> str:
    return f"pgbench, one row each, {clients} clients"


def _aims(best: str) -> tuple[Aim, ...]:
    return tuple(
        Aim(f"{ours} / {short}", ours, rival, least)
        for ours in (WAITING, LEAVING)
        for short, rival, least in (("best pgbench", best, 0.5), ("FastAPI", FASTAPI, 4.0))
    )


def _note(name: str, runs: list[Run]) -> str:
    p50 = median(run.outcome.p50_ms for run in runs)
    p99 = max(run.outcome.p99_ms for run in runs)
    cpu = median(run.cpu_us for run in runs)
    total = sum(run.outcome.accepted for run in runs)
    return (
        f"{name}: {cpu:.0f} us of processor an accept, p50 {p50:.0f} ms, worst p99 {p99:.0f} ms "
        f"with {CONNECTIONS} connections; {total:,} acknowledged in all"
    )


def _alike(lab: Lab) -> str:
    parser = "httptools" if importlib.util.find_spec("httptools") else "h11 (httptools is missing)"
    return f"workers of intake and of uvicorn: {lab.workers}; uvicorn reads HTTP with {parser}"
