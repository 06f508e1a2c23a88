"""P5: how long an honest sign-in takes while forty hands send junk, with the line and without."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import asyncpg
from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar, TCPConnector

from deploy.local.process import StartError
from deploy.local.readiness import until_ready
from services.verification.signin.passwords import Passwords
from tests.bench.rounds import Contestant
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds

HANDS = 40
BEFORE = 3.0  # the flood has been going on for so long
GIVE_UP = 60.0
AIM_MS = 1000.0
PUT_OFF = ("429", "503")
NAME, PASSWORD = "honest", "correct horse battery"
# On Linux all of 127/8 is this machine: so the flood and the others have addresses of their own.
FLOOD, ELSEWHERE = "127.0.0.1", "127.0.0.9"
QUIET = "nobody else"
ENDLESS = "flood, one endless line (before)"
SAME = "flood, new browser at its address"
OTHER = "flood, new browser elsewhere"
DEVICE = "flood, known browser at its address"


@dataclass
class Course:
    """Runs one contestant: a fresh process, the flood, and one honest sign-in in the midst."""

    lab: Lab
    answers: dict[str, Counter[str]] = field(default_factory=dict)

    async def run(
        self, name: str, *, hands: int = HANDS, line: str = "bounded", address: str = FLOOD,
        known: bool = False,
    ) -> float:  # fmt: skip
        """Milliseconds until the honest one is in."""
        await self.lab.truncate("verification", "sign_in_failures", "sign_in_addresses")
        async with self._desk(line), _browser(address) as honest:
            if known:
                await self._sign_in(honest)
            async with self._flood(hands, self.answers.setdefault(name, Counter())):
                await asyncio.sleep(BEFORE)
                return await self._sign_in(honest)

    @asynccontextmanager
    async def _desk(self, line: str) -> AsyncIterator[None]:
        env = await self.lab.env("verification")
        process = self.lab.module("sign_in", "tests.bench.sign_in_app", line, env=env)
        await process.start()
        try:
            await until_ready(process, f"{self._desk_url}/desk/sign-in")
            yield
        finally:
            await process.kill()
            await process.stop()

    @property
    def _desk_url(self) -> str:
        return self.lab.ports.url("verification")

    async def _sign_in(self, http: ClientSession) -> float:
        """Who is put off tries again like a person; who never got in is as late as we waited."""
        began = time.perf_counter()
        with suppress(TimeoutError):
            async with asyncio.timeout(GIVE_UP):
                while (status := await self._send(http, NAME, PASSWORD)) != "303":
                    if status not in PUT_OFF:
                        raise StartError(f"the honest sign-in was answered {status}")
                    await asyncio.sleep(1)
        return (time.perf_counter() - began) * 1000

    async def _send(self, http: ClientSession, name: str, password: str) -> str:
        url, form = f"{self._desk_url}/desk/sign-in", {"username": name, "password": password}
        headers = {"Origin": self._desk_url, "Accept": "text/html"}
        async with http.post(url, data=form, headers=headers, allow_redirects=False) as response:
            return str(response.status)

    @asynccontextmanager
    async def _flood(self, hands: int, told: Counter[str]) -> AsyncIterator[None]:
        async with _browser(FLOOD) as http:
            work = [asyncio.ensure_future(self._hand(http, n, told)) for n in range(hands)]
            yield
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _hand(self, http: ClientSession, number: int, told: Counter[str]) -> None:
        turn = 0
        while True:
            turn += 1
            try:
                told[await self._send(http, f"nobody{number}-{turn}", "junk")] += 1
            except (ClientError, TimeoutError):
                told["no answer"] += 1


@asynccontextmanager
async def _browser(address: str) -> AsyncIterator[ClientSession]:
    connector = TCPConnector(local_addr=(address, 0), limit=0)
    jar, patience = CookieJar(unsafe=True), ClientTimeout(total=GIVE_UP)
    async with ClientSession(connector=connector, cookie_jar=jar, timeout=patience) as http:
        yield http


async def _honest(lab: Lab) -> None:
    await lab.database("verification")
    hashed = await Passwords().hash(PASSWORD)
    owner = await asyncpg.connect(lab.owner_url("verification"))
    await owner.execute(
        """INSERT INTO operators (username, name, role, scope, password_hash, active, version)
           VALUES ($1, '诚', 'auditor', 'root', $2, true, 1)""",
        NAME,
        hashed,
    )
    await owner.close()


async def measure(lab: Lab, _: float, rounds: int) -> Report:
    """Each contestant once a round, each on a fresh process."""
    await _honest(lab)
    course = Course(lab)
    contestants: dict[str, Contestant] = {
        QUIET: partial(course.run, QUIET, hands=0),
        ENDLESS: partial(course.run, ENDLESS, line="endless"),
        SAME: partial(course.run, SAME),
        OTHER: partial(course.run, OTHER, address=ELSEWHERE),
        DEVICE: partial(course.run, DEVICE, known=True),
    }
    done = [await _round(contestants, number, lab) for number in range(rounds)]
    aims = (SAME, OTHER, DEVICE)
    return Report(
        "signing",
        f"P5 · an honest sign-in while {HANDS} hands send junk",
        of_rounds(done),
        tuple(Aim(f"{one}, at most", one, None, AIM_MS, at_most=True) for one in aims),
        tuple(f"{name}: junk was told {dict(told)}" for name, told in course.answers.items()),
        unit=" ms",
    )


async def _round(
    contestants: dict[str, Callable[[], Awaitable[float]]], number: int, lab: Lab
) -> dict[str, float]:
    times = {}
    for name, run in contestants.items():
        times[name] = await run()
        lab.say(f"round {number + 1}  {name}: {times[name]:,.0f} ms")
    return times
