"""Runs schemathesis against an intake that listens, and reads what it found."""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from aiohttp.test_utils import TestServer

from services.intake.open311 import keys
from shared.config import key_ring
from tests.integration.intake_site import UNIT, Site, code, settings

CLIENT = "generated"
ROOT = Path(__file__).parents[2]
# A random text in place of a window's code is refused, though no description could tell why; and
# 410 (no photos are taken here) is no refusal in the eyes of the other check.
LEFT_OUT = "positive_data_acceptance,negative_data_rejection"
_CASES = re.compile(r"([0-9,]+) generated")


@dataclass(frozen=True)
class Told:
    """How many cases were sent, how it ended, and everything that was printed."""

    cases: int
    code: int
    printed: str


async def run(intake: Site, folder: Path, examples: int, seed: int) -> Told:
    """Every phase: the boundaries of each value, random cases, and chains by links."""
    await intake.add_unit()
    assert isinstance(intake.client.server, TestServer)
    url = str(intake.client.make_url("")).rstrip("/")
    known = {
        "API_CODE": code(counter=3), "API_UNIT": UNIT,
        "API_KEY": keys.key_of(key_ring(settings().code_keys), CLIENT),
        "SCHEMATHESIS_HOOKS": "tests.api.hooks", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json",
        "--url", url, "--checks", "all", "--exclude-checks", LEFT_OUT, "--no-color",
        "--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none",
        "--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off",
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=os.environ | known,
    )  # fmt: skip
    printed = (await child.communicate())[0].decode()
    found = _CASES.search(printed)
    cases = int(found[1].replace(",", "")) if found else 0
    return Told(cases, child.returncode or 0, printed)
