"""Sets papers as PDF in a child of its own: the library is larger than a whole service.

  asked ──▶ its turn ──▶ the child is started, or still there ──▶ PDF
    │ none in time                │ dead or silent for too long ──▶ killed, Unavailable
    ▼                             │ nothing asked for a while ──▶ it ends
Unavailable
"""

import asyncio
import json
import sys
from asyncio import IncompleteReadError, TimerHandle
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import pylopdf_fonts_zh_cn

from shared.errors import Unavailable
from shared.observe import log
from shared.papers import setter
from shared.papers.paper import Paper

CHILD = Path(setter.__file__)
# Between two papers that somebody reads one after the other, and no longer.
IDLE_SECONDS = 30.0
# From the click to the file, also when the child has to be started on a busy machine.
SECONDS = 12.0


class Printer:
    """One paper at a time, whoever asks; `fonts` is a folder of the bureau's own fonts."""

    def __init__(self, fonts: Path | None = None, *, idle: float = IDLE_SECONDS) -> None:
        self._fonts = fonts or pylopdf_fonts_zh_cn.serif_path().parent
        self._idle = idle
        self._turn = asyncio.Lock()
        self._child: Process | None = None
        self._rest: TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Nothing is started before it is needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """No child is left behind."""
        await self._end()

    @property
    def child(self) -> int | None:
        """The process that is there now."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def pdf(self, paper: Paper) -> bytes:
        """A paper as PDF/A-2. Unavailable when it takes too long."""
        try:
            async with asyncio.timeout(SECONDS), self._turn:
                return await self._ask(paper)
        except TimeoutError:
            raise Unavailable() from None

    async def _ask(self, paper: Paper) -> bytes:
        said = asdict(paper) | {"issued_on": paper.issued_on.timetuple()[:3]}
        asked = setter.frame(json.dumps(said, ensure_ascii=False).encode())
        child = await self._started()
        try:
            good, content = await _exchange(child, asked)
        except BaseException as error:
            # Half an answer would be taken for the beginning of the next.
            await self._end()
            if isinstance(error, IncompleteReadError | ConnectionError):
                log.get().warning("paper setter ended", error=type(error).__name__)
                raise Unavailable() from error
            raise
        self._rest = asyncio.get_running_loop().call_later(self._idle, self._let_go)
        if not good:
            raise RuntimeError(f"no paper was set: {content.decode()}")
        return content

    async def _started(self) -> Process:
        if self._rest:
            self._rest.cancel()
        if self._child and self._child.returncode is None:
            return self._child
        self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(CHILD), str(self._fonts.absolute())),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/",
        )  # fmt: skip
        return self._child

    def _let_go(self) -> None:
        """It ends when it finds nobody at the other end."""
        if self._child and self._child.stdin:
            self._child.stdin.close()
        self._child = None

    async def _end(self) -> None:
        child, self._child = self._child, None
        if self._rest:
            self._rest.cancel()
        if child:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _exchange(child: Process, asked: bytes) -> tuple[bool, bytes]:
    source: Any = child.stdout
    into: Any = child.stdin
    into.write(asked)
    await into.drain()
    good, length = setter.LENGTH.unpack(await source.readexactly(setter.LENGTH.size))
    return good, await source.readexactly(length)
