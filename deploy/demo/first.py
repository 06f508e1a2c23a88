"""The first complaint of `make run`: filed at the public endpoint, followed to the paid reward."""

import asyncio
import json
import random
import time
from pathlib import Path

import aiohttp

from deploy.demo.play import Citizen, Desk, unit_code
from deploy.demo.scenario import Complaint, article
from deploy.local.folder import private_file
from deploy.local.stack import Stack
from shared.errors import MashangError

WAIT_SECONDS = 60.0
LAST = {"reward_paid", "message_thanks_delivered", "message_paid_delivered"}
MEMORY = "first_complaint.json"


async def first_complaint(stack: Stack) -> dict[str, object]:
    """File, call back, verify, pay, thank: once for a data folder; later starts only remember it.

    What to show of it: `page` (the unit's), `receipt`, `paid after`.
    """
    memory = stack.data / MEMORY
    if shown := remembered(memory):
        stack.console.step("the first complaint was followed to its end at an earlier start")
        return shown
    stack.console.step("filing one complaint and following it to the paid reward")
    shown = await _play(stack, _one())
    private_file(memory, json.dumps(shown))
    return shown


def remembered(memory: Path) -> dict[str, object] | None:
    """What an earlier start wrote down; None if it did not come to that."""
    try:
        shown = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        return None
    return shown if isinstance(shown, dict) and "page" in shown else None


async def _play(stack: Stack, complaint: Complaint) -> dict[str, object]:
    started = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as http:
        citizen, desk = Citizen(http, stack), Desk(http, stack)
        answer = await citizen.file(complaint)
        receipt = answer["receipt"]
        stack.console.step(f"  receipt {receipt['code']}")
        await desk.handle(str(answer["submission_id"]), complaint)
        await _follow(stack, citizen, receipt["code"])
    return {
        "page": f"{stack.urls['intake']}/w/{unit_code(stack, complaint)}",
        "receipt": receipt["url"],
        "paid after": f"{time.monotonic() - started:.1f} s",
    }


def _one() -> Complaint:
    found = next(c for c in article().complaint if c.verdict == "substantiated")
    # Another number each time, none that the sandbox treats specially.
    digits = f"{random.randrange(10**5):05}{random.randrange(4, 10)}{random.randrange(11, 100)}"
    return found.model_copy(update={"phone": f"+86198{digits}"})


async def _follow(stack: Stack, citizen: Citizen, receipt: str) -> None:
    told: set[str] = set()
    deadline = time.monotonic() + WAIT_SECONDS
    while not told >= LAST:
        for step in await citizen.timeline(receipt):
            if step not in told:
                stack.console.step(f"  {step.replace('_', ' ')}")
                told.add(step)
        if time.monotonic() > deadline:
            missing = ", ".join(sorted(LAST - told))
            raise MashangError(f"the first complaint waits for: {missing}; see the lines above")
        await asyncio.sleep(0.1)
