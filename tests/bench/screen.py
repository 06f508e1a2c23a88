"""P4: accepted → told on an operator's screen, while submissions come steadily, however long each
takes: intake, its relay, the broker, verification, and the stream of an inbox that is open.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from aiohttp import ClientResponse, ClientSession

from services.intake.accept import codes
from services.verification.settings import Settings
from shared import config
from shared.db import ROOT, Database
from tests.bench import desk
from tests.bench.accepts import WORDS
from tests.bench.cases import PEOPLE, UNITS, directory_of
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds
from tests.town import environ

RATE = 50
ACCEPT_MS, SCREEN_MS = 50.0, 300.0
NOTHING = UUID(int=0)
_SHARES = ("phone_day", "address_hour", "code_hour", "unit_hour")


@dataclass
class Screen:
    """The stream of an inbox: when which number of new cases stood there first."""

    told: list[float] = field(default_factory=list)

    async def listen(self, answer: ClientResponse) -> None:
        """Until the stream ends."""
        async for line in answer.content:
            if line.startswith(b"data: "):
                new = int(json.loads(line[6:])["new"])
                self.told += [time.perf_counter()] * (new - len(self.told))


@dataclass(frozen=True)
class Course:
    """Both services, a signed-in supervisor, and bodies to send."""

    lab: Lab
    database: Database
    http: ClientSession
    token: str
    bodies: list[bytes]

    async def run(self, seconds: float) -> dict[str, float]:
        """In milliseconds, half of them and 99 of 100."""
        screen = Screen()
        accepted: list[float] = []
        spent: list[float] = []
        headers = {"Cookie": f"mashang={self.token}", "Accept": "text/event-stream"}
        async with self.http.get(await self._address(), headers=headers) as answer:
            listening = asyncio.create_task(screen.listen(answer))
            await self.send(seconds, accepted, spent)
            async with asyncio.timeout(30):
                while len(screen.told) < len(accepted):  # noqa: ASYNC110  it has no event for it
                    await asyncio.sleep(0.05)
            listening.cancel()
        delays = [told - at for told, at in zip(screen.told, sorted(accepted), strict=True)]
        return _figures("accepted", spent) | _figures("on the screen", delays)

    async def send(self, seconds: float, accepted: list[float], spent: list[float]) -> None:
        """Steadily: when each was accepted, and how long it took."""
        async with asyncio.TaskGroup() as group:
            began = time.perf_counter()
            for n in range(int(seconds * RATE)):
                await asyncio.sleep(max(0.0, began + n / RATE - time.perf_counter()))
                group.create_task(self._send(n, accepted, spent))

    async def _address(self) -> str:
        async with self.database.acquire() as conn:
            newest = await conn.fetchval("SELECT case_id FROM cases ORDER BY case_id DESC LIMIT 1")
        return f"{self.lab.ports.url('verification')}/desk/live?since={newest or NOTHING}"

    async def _send(self, n: int, accepted: list[float], spent: list[float]) -> None:
        address = f"{self.lab.ports.url('intake')}/api/v1/submissions"
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
        began, body = time.perf_counter(), self.bodies[n % len(self.bodies)]
        async with self.http.post(address, data=body, headers=headers) as answer:
            if answer.status != 201:
                raise ValueError(f"{answer.status}: {await answer.text()}")
        accepted.append(time.perf_counter())
        spent.append(accepted[-1] - began)


def _figures(name: str, seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {f"{name}, p{part}": 1000 * ordered[len(ordered) * part // 100] for part in (50, 99)}


async def measure(lab: Lab, seconds: float, rounds: int) -> Report:
    """The same again and again, with both processes as they run everywhere."""
    async with course(lab) as both:
        await both.run(1.0)
        told = [await both.run(seconds) for _ in range(rounds)]
    return Report(
        "screen",
        f"P4 · from acceptance to an operator's screen at {RATE}/s",
        of_rounds(told),
        (
            Aim("accepted, p99", "accepted, p99", None, ACCEPT_MS, at_most=True),
            Aim("on the screen, p99", "on the screen, p99", None, SCREEN_MS, at_most=True),
        ),
        ("the n-th to be told beside the n-th to be accepted; the city's supervisor listens",),
        unit=" ms",
    )


@asynccontextmanager
async def course(lab: Lab) -> AsyncIterator[Course]:
    """Both services. Nothing is held back, however much comes from one place."""
    policy = lab.data / "policy.toml"
    policy.write_text(_generous((ROOT / "deploy" / "policy.toml").read_text()))
    envs = {
        service: await lab.env(service) | {"POLICY_FILE": str(policy)}
        for service in ("intake", "verification")
    }
    async with AsyncExitStack() as stack:
        database = await Database.connect(await lab.database("verification"), "verification")
        stack.push_async_callback(database.close)
        with environ(envs["verification"]):
            seal = config.load(Settings).seal
        await directory_of(database, seal)
        for service, env in envs.items():
            await stack.enter_async_context(desk.running(lab, service, env))
        await _units_known(await lab.database("intake"))
        http = await stack.enter_async_context(ClientSession())
        token = await desk.signed_in(database, PEOPLE[-1])
        keys = config.keys(envs["intake"]["MASHANG_CODE_KEYS"])
        yield Course(lab, database, http, token, [_body(keys, n) for n in range(240)])


def _generous(policy: str) -> str:
    lines = policy.splitlines()
    return "\n".join(
        f"{line.partition('=')[0]}= 1_000_000" if line.partition(" ")[0] in _SHARES else line
        for line in lines
    )


def _body(keys: Mapping[str, bytes], n: int) -> bytes:
    told = {
        "code": codes.sign(keys, f"u{n % UNITS:03}", 1), "kind": "complaint", "satisfaction": 1,
        "categories": ["nobody_at_window"], "words": WORDS, "phone": f"1390396{n:04d}",
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()


async def _units_known(url: str) -> None:
    intake = await Database.connect(url, "intake")
    async with asyncio.timeout(30), intake.acquire() as conn:
        while await conn.fetchval("SELECT count(*) FROM units") < UNITS:  # noqa: ASYNC110  nor has this
            await asyncio.sleep(0.1)
    await intake.close()
