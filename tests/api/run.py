"""Plays generated cases against an intake that listens, from a process of its own."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from services.intake.open311 import keys
from shared.config import key_ring
from tests.api import desk
from tests.integration.intake_site import UNIT, Site, code, settings

CLIENT = "generated"
# What the intake must be set up with: an app's key, and cases from many addresses.
SETTINGS = {"open311_clients": CLIENT, "trusted_proxies": "127.0.0.0/8"}


@dataclass(frozen=True)
class Told:
    """How many cases were sent, how many of them were not the same as another; how often each
    operation answered with which status, how often each link was followed, and what is wrong.
    """

    cases: int
    distinct: int
    statuses: Mapping[str, Mapping[str, int]]
    followed: Mapping[str, int]
    found: Mapping[str, str]

    @property
    def summary(self) -> str:
        """In a line."""
        least = min(self.followed.values())
        return f"{self.distinct:,} differ; each of {len(self.followed)} links {least} times or more"


async def run(intake: Site, cases: int, seed: int) -> Told:
    """So many; the same for the same seed, but for what the clock decides."""
    await intake.add_unit()
    known = {
        "code": code(counter=3), "unit": UNIT,
        "key": keys.key_of(key_ring(settings().code_keys), CLIENT),
    }  # fmt: skip
    url = str(intake.client.make_url("")).rstrip("/")
    asked = {"url": url, "cases": cases, "seed": seed, "known": known}
    working = asyncio.create_task(desk.work(intake))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.api.play", json.dumps(asked), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await child.communicate()
    working.cancel()
    assert 0 == child.returncode
    return Told(**json.loads(printed))
