"""A TCP proxy that misbehaves as networks do: it vanishes without a word, cuts, or refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from deploy.local.ports import LOOPBACK, free_port

CHUNK = 64 * 1024


class Proxy:
    """Forwards to one place until told otherwise; `url` leads through it."""

    def __init__(self, target_port: int) -> None:
        self.port, self._target = free_port(), target_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._left: int | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._refusing = False

    def through(self, url: str) -> str:
        """The same URL, by way of this proxy."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@{LOOPBACK}:{self.port}"))

    def freeze(self) -> None:
        """Nothing is forwarded any more, in neither direction, and nobody is told: no FIN."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, also what came meanwhile."""
        self._flowing.set()

    def drop(self) -> None:
        """Break every connection; new ones are welcome."""
        for writer in list(self._writers):
            writer.transport.abort()

    def lead_to(self, target_port: int) -> None:
        """To another server from now on; who speaks with the former one is cut off."""
        self._target = target_port
        self.drop()

    def cut_after(self, sayings: int) -> None:
        """Let so many sayings of clients through, and break the connection at the next."""
        self._left = sayings + 1

    def spare(self) -> bool:
        """Cut nothing any more; whether something had been cut."""
        cut, self._left = self._left == 0, None
        return cut

    def refuse(self, *, refusing: bool = True) -> None:
        """Break every connection, also new ones at once."""
        self._refusing = refusing
        if refusing:
            self.drop()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, for as long as it lasts."""
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:  # nobody is at home: as if there were no proxy
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        out = asyncio.create_task(self._pump(reader, far_writer, from_client=True))
        back = asyncio.create_task(self._pump(far_reader, writer, from_client=False))
        self._pumps |= {out, back}
        with suppress(asyncio.CancelledError):
            await asyncio.wait({out, back}, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.transport.abort()
        self._writers -= ends
        for pump in (out, back):
            pump.cancel()
        self._pumps -= {out, back}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK):
                await self._flowing.wait()
                if from_client and self._is_cut():
                    return
                writer.write(chunk)
                await writer.drain()

    def _is_cut(self) -> bool:
        if not self._left:
            return False
        self._left -= 1
        return self._left == 0

    def end(self) -> None:
        """Break everything."""
        self.thaw()
        self.refuse()
        for pump in self._pumps:
            pump.cancel()


@asynccontextmanager
async def proxy(target_port: int) -> AsyncIterator[Proxy]:
    """A proxy before a server on this machine."""
    opened = Proxy(target_port)
    server = await asyncio.start_server(opened.accept, LOOPBACK, opened.port)
    try:
        yield opened
    finally:
        server.close()
        opened.end()
        await asyncio.sleep(0)
