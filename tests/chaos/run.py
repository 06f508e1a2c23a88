"""One run: a clean city, its phases one after the other, the witnesses compared after each."""

import asyncio
import math
import random
import re
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.markup import escape

from deploy.demo import load_directory
from deploy.demo.http import call
from deploy.local.settings import ROOT
from tests.chaos import duty, facts, mix, receipts, recount, staff
from tests.chaos.callers import Callers
from tests.chaos.city import DOOMED, City
from tests.chaos.compare import Comparison, Lines
from tests.chaos.people import People
from tests.chaos.phases import PHASES, Did, Measure

DROPPED = 0.3
# A slow machine may take long, as long as less and less is left.
STILL_SECONDS, MOST_SECONDS = 150.0, 1200.0
LOOK_EVERY = 2.0
MOST_SHOWN, LONGEST = 3, 200
HASTE = {"MASHANG_CHAOS_HASTE": "60"}


@dataclass
class Outcome:
    """What a phase did, and what the witnesses say afterwards. All of `faults` must be zero."""

    phase: str
    did: Did = field(default_factory=dict)
    complaints: int = 0
    settled_seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)


@dataclass
class Run:
    """A city with its people."""

    city: City
    people: People
    rule: recount.Policy
    console: Console

    async def phase(self, name: str, measure: Measure) -> Outcome:
        """Shake while people go on; then let everything settle, and count."""
        self.console.print(f"{name}: ", end="")
        outcome, over, before = Outcome(name), asyncio.Event(), len(self.people.filed)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.people.until(over))
            try:
                outcome.did = await PHASES[name](self.city, measure)
            finally:
                over.set()
        outcome.complaints = len(self.people.filed) - before
        self.console.print(outcome.did, f"{outcome.complaints} complaints", end=" ")
        await self._settle(outcome)
        self.console.print(f"settled in {outcome.settled_seconds} s")
        return outcome

    async def _settle(self, outcome: Outcome) -> None:
        began = moved = time.monotonic()
        await self.city.until_ready()
        replayed, fewest = 0, math.inf
        while True:
            replayed += await duty.replay(self.city)
            found = await facts.gather(self.city, self.people.callers, self.people.filed)
            compared = Comparison(found, self.rule)
            lines = compared.all()
            now, left = time.monotonic(), sum(map(len, lines.values()))
            if left < fewest:
                fewest, moved = left, now
            if not left or now - moved > STILL_SECONDS or now - began > MOST_SECONDS:
                break
            await asyncio.sleep(LOOK_EVERY)
        outcome.did["replayed by hand"] = replayed
        lines |= await receipts.compare(self.people, compared)
        lines |= await staff.compare(self.people.callers, compared) | await self._health()
        outcome.faults = {name: len(found) for name, found in lines.items()}
        for name, contradictions in lines.items():
            for one in islice(contradictions, MOST_SHOWN):
                self.console.print(f"[red]{name}:[/] {escape(str(one))[:LONGEST]}")
        outcome.settled_seconds = round(time.monotonic() - began, 1)

    async def _health(self) -> Lines:
        return {
            "processes that died by themselves": self.city.tally.list_deaths(),
            "commits without a name": self.city.tally.list_nameless(),
            "services with late jobs": [name for name in DOOMED if await self._is_late(name)],
        }

    async def _is_late(self, name: str) -> bool:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as http:
            said = await call(http, "GET", f"{self.city.ops_urls[name]}/readyz")
        return bool(said["jobs"] != "ok")


def generous_policy(folder: Path) -> Path:
    """The demo's budgets are of a quiet city; here nothing is to be held for them, or as odd."""
    file = folder / "policy.toml"
    text = (ROOT / "deploy" / "policy.toml").read_text("utf-8")
    for name in ("budget_month_fen", "per_unit_month_fen", "per_day_fen"):
        text = re.sub(f"(?m)^{name} = .*$", f"{name} = 100000000", text)
    file.write_text(re.sub("(?m)^(phone_units|near_phones|counter_rewards) = .*$", "", text))
    return file


async def play(
    folder: Path, names: Sequence[str], measure: Measure, console: Console, **told: str
) -> tuple[City, list[Outcome]]:
    """The whole of it; the folder's owner removes it."""
    policy = generous_policy(folder)
    city = City(folder, policy, {**HASTE, **told})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(city)
        await load_directory(city)
        timeout = aiohttp.ClientTimeout(total=15)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        await _drop_answers(http, city, measure.seed)
        callers = Callers(http, city, measure.seed)
        await callers.sign_in()
        dice = random.Random(measure.seed)
        people = People(callers, mix.plays(measure.seed), dice, measure.at_once)
        run = Run(city, people, recount.policy(policy), console)
        return city, [await run.phase(name, measure) for name in names]


async def _drop_answers(http: aiohttp.ClientSession, city: City, seed: int) -> None:
    vendors = (("rewards", "AIRTIME_VENDORS"), ("notifications", "SMS_VENDORS"))
    for service, variable in vendors:
        for vendor in city.env(service)[f"MASHANG_{variable}"].split(","):
            fault = {"vendor": vendor, "kind": "drop_answer", "probability": DROPPED, "seed": seed}
            await call(http, "POST", f"{city.urls['sandbox']}/admin/faults", fault)
