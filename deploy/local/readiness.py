"""Waiting until a service says that it is ready."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from deploy.local.ending import ending
from deploy.local.process import Process, StartError

# Long, since what has ended is not waited for: only a machine that is busy takes so long.
READY_WITHIN = 120.0
STARTS = 3


async def until_ready(process: Process, url: str, within: float = READY_WITHIN) -> None:
    """Ask `url` until it answers 200.

    StartError with the last answer when it never does, or when the process keeps ending.
    """
    answer, last_start = "it does not answer", process.starts + STARTS
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(within):
            while not process.ended and process.starts < last_start:
                ready, answer = await ask(session, url, answer)
                if ready:
                    return
                await asyncio.sleep(0.1)
        answer = ending(process.exit_code)
    except TimeoutError:
        answer = f"not ready after {within:.0f} s: {answer}"
    raise StartError(f"{process.name} did not start; {answer}")


async def ask(session: aiohttp.ClientSession, url: str, before: str) -> tuple[bool, str]:
    """Whether it is ready, and what it said (or what it said before, if it is silent now)."""
    try:
        async with session.get(url) as response:
            body = await response.text()
            return response.status == 200 and not lacks_broker(body), one_line(body)
    except (aiohttp.ClientError, OSError):
        return False, before


def lacks_broker(body: str) -> bool:
    """A service is ready without its broker, yet what it takes in would wait until it is there."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("broker", "ok") != "ok"


def one_line(body: str) -> str:
    """A JSON answer or a page, shortened to a line."""
    try:
        body = json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        body = " ".join(body.split())
    return body[:300]
