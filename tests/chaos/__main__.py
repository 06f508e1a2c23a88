"""`make chaos`: complaints while everything is killed and the vendors drop answers.

Each seed plays on a clean installation: complaints are filed and judged, a random process (service,
sandbox, broker or database) gets SIGKILL again and again, and 30 % of the airtime vendor's answers
are lost after their effect. Afterwards everything must settle, and the witnesses are compared: the
clients' own list of what was acknowledged, the five databases, and the vendors' book.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import asyncpg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.demo import load_directory
from deploy.demo.__main__ import KILLABLE
from deploy.demo.http import call
from deploy.demo.play import Citizen, Desk
from deploy.demo.scenario import Complaint, article
from deploy.local.ports import Ports
from deploy.local.settings import ROOT
from deploy.local.stack import Stack
from shared.flows import SERVICES

AT_ONCE = 12
DROPPED = 0.3
SETTLE_SECONDS = 600.0
SUBMISSIONS = "SELECT id AS submission_id FROM submissions"
CASES = "SELECT submission_id FROM cases"
OUTBOX = "SELECT count(*) FROM outbox"
PENDING = "SELECT count(*) FROM inbox_pending"
console = Console()


@dataclass
class Outcome:
    """What one seed gave. All of `faults` must be zero."""

    seed: int
    acknowledged: int = 0
    kills: int = 0
    settled_seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """How hard to shake."""

    complaints: int
    kills: int


def complaints(count: int, seed: int) -> list[Complaint]:
    """Substantiated complaints, each from a phone of its own that the sandbox treats normally."""
    pattern = [c for c in article().complaint if c.verdict == "substantiated"]
    return [
        pattern[n % len(pattern)].model_copy(
            update={"phone": f"+86198{seed % 10}{n // 400:04}{4 + n // 80 % 5}{11 + n % 80:02}"}
        )
        for n in range(count)
    ]


async def shake(seed: int, plan: Plan, data: Path) -> Outcome:
    """One seed from a clean start to the comparison of the witnesses."""
    outcome = Outcome(seed)
    async with Stack(data, Ports.free(), quiet=True) as stack:
        await load_directory(stack)
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            await _drop_answers(http, stack, seed)
            todo = complaints(plan.complaints, seed)
            killer = asyncio.create_task(_kill(stack, random.Random(seed), plan.kills, outcome))
            acknowledged = await _file_and_judge(http, stack, todo)
            await killer
            outcome.acknowledged = len(acknowledged)
            outcome.settled_seconds = await _settle(http, stack, len(todo))
            outcome.faults = await _compare(http, stack, acknowledged, todo)
    return outcome


async def _drop_answers(http: aiohttp.ClientSession, stack: Stack, seed: int) -> None:
    vendor = stack.env("rewards")["MASHANG_AIRTIME_VENDORS"]
    fault = {"vendor": vendor, "kind": "drop_answer", "probability": DROPPED, "seed": seed}
    await call(http, "POST", f"{stack.urls['sandbox']}/admin/faults", fault)


async def _kill(stack: Stack, dice: random.Random, kills: int, outcome: Outcome) -> None:
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.5, 2.5))
        name = dice.choice(KILLABLE)
        await stack.kill(name)
        await stack.until_back(name)
        outcome.kills += 1


async def _file_and_judge(
    http: aiohttp.ClientSession, stack: Stack, todo: Sequence[Complaint]
) -> set[str]:
    citizen, desk = Citizen(http, stack), Desk(http, stack)
    places, acknowledged = asyncio.Semaphore(AT_ONCE), set[str]()
    with Progress(console=console) as progress:
        task = progress.add_task("filed and judged", total=len(todo))

        async def one(complaint: Complaint) -> None:
            async with places:
                answer = await citizen.file(complaint)
                acknowledged.add(answer["submission_id"])
                await desk.handle(answer["submission_id"], complaint)
                progress.advance(task)

        async with asyncio.TaskGroup() as tasks:
            for complaint in todo:
                tasks.create_task(one(complaint))
    return acknowledged


async def _settle(http: aiohttp.ClientSession, stack: Stack, paid: int) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with Progress(console=console) as progress:
        task = progress.add_task("paid and thanked", total=2 * paid)
        while loop.time() - began < SETTLE_SECONDS:
            rewards = await call(http, "GET", f"{stack.urls['rewards']}/api/v1/figures")
            sms = await call(http, "GET", f"{stack.urls['notifications']}/api/v1/figures")
            progress.update(task, completed=rewards["paid"] + sms["paid_messages_delivered"])
            done = rewards["paid"] >= paid and sms["paid_messages_delivered"] >= paid
            if done and not await _count(stack, OUTBOX) + await _count(stack, PENDING):
                break
            await asyncio.sleep(1)
    return round(loop.time() - began, 1)


async def _compare(
    http: aiohttp.ClientSession, stack: Stack, acknowledged: set[str], todo: Sequence[Complaint]
) -> dict[str, int]:
    book = await call(http, "GET", f"{stack.urls['sandbox']}/admin/book")
    paid = book["airtime"]["by_number"]
    return {
        "acknowledged but lost": len(acknowledged - await _ids(stack, "intake", SUBMISSIONS)),
        "without a case": len(acknowledged - await _ids(stack, "verification", CASES)),
        "paid twice": sum(number["paid_count"] - 1 for number in paid.values()),
        "unpaid": len({c.phone.removeprefix("+86") for c in todo} - set(paid)),
        "left in an outbox": await _count(stack, OUTBOX),
        "pending or parked": await _count(stack, PENDING),
    }


async def _ids(stack: Stack, service: str, query: str) -> set[str]:
    conn = await asyncpg.connect(stack.database_url(service))
    try:
        rows = await conn.fetch(query)
    finally:
        await conn.close()
    return {str(row["submission_id"]) for row in rows}


async def _count(stack: Stack, query: str) -> int:
    total = 0
    for service in SERVICES:
        conn = await asyncpg.connect(stack.database_url(service))
        total += await conn.fetchval(query)
        await conn.close()
    return total


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("", *(f"seed {outcome.seed}" for outcome in outcomes))
    for name in ("acknowledged", "kills", "settled_seconds"):
        table.add_row(name.replace("_", " "), *(str(getattr(o, name)) for o in outcomes))
    for name in outcomes[0].faults:
        table.add_row(name, *(_marked(outcome.faults[name]) for outcome in outcomes))
    return table


def _marked(count: int) -> str:
    return f"[red]{count}" if count else "[green]0"


def _generous_policy(folder: Path) -> Path:
    # The demo's monthly budget is 500 rewards; here nothing is to be held for it.
    text = (ROOT / "deploy" / "policy.toml").read_text("utf-8")
    file = folder / "policy.toml"
    file.write_text(text.replace("budget_month_fen = 1000000", "budget_month_fen = 10000000"))
    return file


async def _all(seeds: int, plan: Plan) -> list[Outcome]:
    outcomes = []
    for seed in range(1, seeds + 1):
        folder = Path(tempfile.mkdtemp(prefix="mashang-chaos-"))
        os.environ["MASHANG_POLICY_FILE"] = str(_generous_policy(folder))
        console.print(f"seed {seed}: {plan.complaints} complaints, {plan.kills} kills")
        try:
            outcomes.append(await shake(seed, plan, folder / "data"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 only if nothing was lost, doubled or left."""
    parser = argparse.ArgumentParser("make chaos", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--complaints", type=int, default=200, help="for each seed")
    parser.add_argument("--kills", type=int, default=20, help="for each seed")
    parser.add_argument("--seeds", type=int, default=2)
    chosen = parser.parse_args(arguments)
    outcomes = asyncio.run(_all(chosen.seeds, Plan(chosen.complaints, chosen.kills)))
    console.print(_table(outcomes))
    data = Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang")
    data.mkdir(exist_ok=True)
    (data / "chaos.json").write_text(json.dumps([asdict(o) for o in outcomes], indent=1))
    return int(any(any(outcome.faults.values()) for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
