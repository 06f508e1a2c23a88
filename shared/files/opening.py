"""The grown-up beside the child: gives it a file, waits so long and no longer, says what came.

  ask ──▶ a turn is free ──▶ child ──▶ clean file
   │ none in time               │ its exit says why not ──▶ Unfit
   ▼                            ▼ silent for too long ──▶ killed, Unfit
Unavailable
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from prometheus_client import Counter

from shared.errors import MashangError, Unavailable
from shared.files import decoder

Kind = Literal["photo", "voice"]
CHILD = Path(decoder.__file__)
AT_ONCE = 2
TURN_SECONDS = 10.0
CHILD_SECONDS = 20.0
MOST = 8 * 1024 * 1024
OPENED = Counter("mashang_attachments_opened_total", "Photos and recordings opened", ["outcome"])
_REASONS = {
    decoder.TOO_LARGE: "too_large",
    decoder.TOO_LONG: "too_long",
    decoder.NOT_ONE: "not_one",
}


class Unfit(MashangError):
    """A file that is not taken; the text is the reason, the end of a text's key."""


class Opener:
    """So many children at once, whoever asks."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def clean(self, kind: Kind, content: BinaryIO) -> bytes:
        """The file made anew. Unfit, Unavailable."""
        async with self._turn():
            try:
                made = await _ask(kind, content)
            except Unfit as unfit:
                OPENED.labels(str(unfit)).inc()
                raise
        OPENED.labels("clean").inc()
        return made

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self._turns.acquire(), TURN_SECONDS)
        except TimeoutError:
            raise Unavailable() from None
        try:
            yield
        finally:
            self._turns.release()


async def _ask(kind: Kind, content: BinaryIO) -> bytes:
    content.seek(0)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(CHILD), kind), stdin=content, stdout=PIPE, stderr=DEVNULL,
        env={}, cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            made = await _read(child)
            code = await child.wait()
    except TimeoutError:
        raise Unfit("too_large") from None
    finally:
        await _end(child)
    if code or not made:
        raise Unfit(_REASONS.get(code, "broken"))
    return made


async def _read(child: Process) -> bytes:
    """What it writes, but not without end: it may not be ours any more."""
    made = bytearray()
    while child.stdout and (chunk := await child.stdout.read(256 * 1024)):
        made += chunk
        if len(made) > MOST:
            raise Unfit("too_large")
    return bytes(made)


async def _end(child: Process) -> None:
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()
