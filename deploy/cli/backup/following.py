"""What the server writes is taken away as it writes it, so that a backup reaches any moment since.

Every few seconds a mark is set: a commit of its own that changes nothing. Recovery stops at the
first commit after a moment and fails without one, so a night on which nobody does anything has
them too; and a mark that has arrived says until when all that happened is safe.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from deploy.cli.backup.programs import Programs, Say, spoken
from deploy.cli.backup.server import SLOT, Server
from deploy.cli.moments import shown
from shared.errors import Misconfigured

EVERY = 10.0
SAID_EVERY = timedelta(minutes=1)
DRAIN_SECONDS = 60.0
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_MARK = "SELECT pg_logical_emit_message(true, 'mashang', 'followed')"
_HERE = "SELECT clock_timestamp() AS at, pg_current_wal_flush_lsn() - '0/0'::pg_lsn AS lsn"
_KEPT = "SELECT restart_lsn - '0/0'::pg_lsn FROM pg_replication_slots WHERE slot_name = $1"


@dataclass
class Follower:
    """Follows one server into one folder; `until` is safe there."""

    folder: Path
    server: Server
    programs: Programs
    say: Say
    until: datetime | None = None
    _said: datetime | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then what the server had written by then is fetched as well."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        if (await self.server.look(self.programs))[1]:
            raise Misconfigured(f"the slot {SLOT} is in use: somebody follows this server already")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self._finish("--create-slot", "--if-not-exists")
        child = await self._receive()
        try:
            await self._watch(child)
        finally:
            await _end(child)
        await self._drain()

    async def _watch(self, child: asyncio.subprocess.Process) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(*AWAY):  # it says so itself, and comes again
                await asyncio.wait_for(self._mark(), EVERY)
            if child.returncode is not None:
                raise Misconfigured("pg_receivewal has ended; what it said stands above")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), EVERY)

    async def _mark(self) -> None:
        """Set one, and wait until it is safe."""
        conn = await self.server.connect()
        try:
            at, lsn = await _set_mark(conn)
            while (await conn.fetchval(_KEPT, SLOT) or 0) < lsn:  # noqa: ASYNC110  the slot has no event for it
                await asyncio.sleep(0.1)
        finally:
            await conn.close()
        self.until = at
        self._tell()

    def _tell(self) -> None:
        if self.until and (self._said is None or self.until - self._said >= SAID_EVERY):
            self.say(f"safe until {shown(self.until)}")
            self._said = self.until

    async def _drain(self) -> None:
        """All that was written by now. Misconfigured when the server is away."""
        try:
            conn = await self.server.connect()
            at, lsn = await _set_mark(conn)
            await conn.close()
        except AWAY:
            last = f"safe until {shown(self.until)}" if self.until else "nothing is safe yet"
            raise Misconfigured(f"the server is away; {last}") from None
        before = lsn - 1  # it ends once it is past this
        await self._finish("--endpos", f"{before >> 32:X}/{before & 0xFFFFFFFF:X}", "--no-loop")
        self.say(f"ended; safe until {shown(at)}")

    async def _finish(self, *more: str) -> None:
        child = await self._receive(*more)
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                code = await child.wait()
        except TimeoutError:
            await _end(child)
            code = -1
        if code:
            raise Misconfigured("pg_receivewal failed; what it said stands above")

    async def _receive(self, *more: str) -> asyncio.subprocess.Process:
        url, env = self.server.for_program()
        command = self.programs.command(
            "pg_receivewal", "-D", str(self.folder), "-d", url, "--no-password",
            f"--slot={SLOT}", "--synchronous", *more,
        )  # fmt: skip
        return await asyncio.create_subprocess_exec(*command, env=spoken(env))


async def _set_mark(conn: asyncpg.Connection) -> tuple[datetime, int]:
    """When it was set, and where all that was written until then ends."""
    await conn.execute(_MARK)
    row = await conn.fetchrow(_HERE)
    assert row  # noqa: S101 (tells mypy)
    return row["at"], int(row["lsn"])


async def _end(child: asyncio.subprocess.Process) -> None:
    """It writes down what it has, and goes."""
    if child.returncode is None:
        child.terminate()
        await child.wait()
