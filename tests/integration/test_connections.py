"""Connections: nobody holds more than a share, or for ever, and who goes away is no news."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.ports import free_port
from shared.observe import metrics
from shared.web import connections, listening
from shared.web.callers import BARE, Outside
from shared.web.edge import make_app
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.house import House
from shared.web.listening import listen
from shared.web.pages import Pages
from shared.web.replies import Text
from tests.support import captured_logs

HOST = "127.0.0.1"
# More than a socket's buffers hold.
ENORMOUS = 30_000_000
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = WHOLE[:20]
HALF_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nhalf"


class Server:
    """Answers at `/` at once, at `/slow` when it may, at `/big` with more than a socket holds."""

    def __init__(self) -> None:
        self.port = free_port()
        self.may = asyncio.Event()
        self.busy = asyncio.Semaphore(0)
        self.runner: web.AppRunner | None = None
        self.opened: list[asyncio.StreamWriter] = []

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=10**9)
        app.router.add_route("*", "/", self.quick)
        app.router.add_get("/slow", self.slow)
        app.router.add_get("/big", self.big)
        app.router.add_post("/refusing", self.refusing)
        return app

    async def quick(self, request: web.Request) -> web.Response:
        """Reads it all."""
        return web.Response(text=str(len(await request.read())))

    async def slow(self, _: web.Request) -> web.Response:
        """At work until it may answer."""
        self.busy.release()
        await self.may.wait()
        return web.Response(text="done")

    async def big(self, _: web.Request) -> web.Response:
        """An answer that has to be taken."""
        return web.Response(body=bytes(ENORMOUS))

    async def refusing(self, _: web.Request) -> web.Response:
        """Refuses without having read."""
        return web.Response(status=413)

    async def connect(self, said: bytes = b"") -> asyncio.StreamReader:
        """A connection on which that is said."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        self.opened.append(writer)
        writer.write(said)
        return reader

    async def status(self) -> int:
        """What somebody is told who asks in one breath; 0 where the connection is closed."""
        reader = await self.connect(WHOLE.replace(b"x", b"x\r\nConnection: close"))
        try:
            async with asyncio.timeout(20):
                return int((await reader.readuntil(b"\r\n")).split()[1])
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0

    async def held(self, count: int) -> None:
        """Until that many connections are held."""
        assert self.runner is not None
        assert self.runner.server is not None
        async with asyncio.timeout(20):
            while count != len(self.runner.server.connections):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _drained_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a request is never finished here, so that a closing server need not wait for it."""
    monkeypatch.setattr(listening, "DRAIN_SECONDS", 1.0)


@asynccontextmanager
async def served(outside: Outside = BARE, keep: float = 60) -> AsyncIterator[Server]:
    """A server that listens."""
    server = Server()
    server.runner = await listen(server.app(), HOST, server.port, outside, keep)
    try:
        yield server
    finally:
        server.may.set()
        await server.runner.cleanup()
        for writer in server.opened:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def ended(why: str) -> float:
    """How many connections we have ended so far."""
    value: float = metrics.CONNECTIONS_ENDED.labels(why)._value.get()
    return value


async def hung_up(reader: asyncio.StreamReader) -> bool:
    """Nothing more comes, be it with a reset."""
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            await reader.read()
    return True


SLOW, BIG = WHOLE.replace(b"/ ", b"/slow ", 1), WHOLE.replace(b"/ ", b"/big ", 1)


@pytest.mark.parametrize("said", [b"", HALF, WHOLE, HALF_BODY], ids=len)
async def test_who_waits_gives_place_to_who_asks(said: bytes) -> None:
    """Silence, half a head, an idle connection, half a body: the oldest one goes."""
    async with served(Outside(most=3)) as server:
        waiting = [await server.connect(said) for _ in range(3)]
        await server.held(3)
        assert 200 == await server.status()
        assert await hung_up(waiting[0])
        await server.held(2)
        assert 200 == await server.status()


async def test_an_attackers_files_are_taken_back_for_citizens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the process's files used up by half requests, every citizen is still answered."""
    monkeypatch.setattr(connections, "files_for_callers", lambda: 20)
    before = ended("displaced")
    async with served() as server:
        for _ in range(60):
            await server.connect(HALF)
        assert [200] * 10 == [await server.status() for _ in range(10)]
    assert ended("displaced") - before >= 40


async def test_who_is_at_work_is_never_cut_off() -> None:
    """With every connection at work a new one is turned away, and the work is answered."""
    async with served(Outside(most=2)) as server:
        work = [await server.connect(SLOW) for _ in range(2)]
        for _ in work:
            await server.busy.acquire()
        assert 0 == await server.status()
        server.may.set()
        for reader in work:
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        assert 200 == await server.status()


async def test_a_trusted_proxy_has_no_share() -> None:
    """It speaks for all: its connections are not counted as one caller's."""
    async with served(Outside(proxies=(ip_network(HOST),), most=1)) as server:
        work = [await server.connect(SLOW) for _ in range(3)]
        assert 200 == await server.status()
        server.may.set()
        for reader in work:
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")


async def test_an_answer_that_nobody_takes_is_thrown_away() -> None:
    """Neither the end of the keep-alive nor a closing waits for a reader who never reads."""
    before = ended("untaken")
    with captured_logs() as entries:
        async with served(keep=0.6) as server:
            deaf = socket.create_connection((HOST, server.port))
            deaf.sendall(BIG)
            await server.held(1)
            await server.held(0)
            deaf.close()
    assert 1 == ended("untaken") - before
    assert [] == entries


async def test_an_answer_that_is_taken_slowly_is_finished() -> None:
    """On a bad line it takes longer than the limit, and comes whole."""
    async with served(keep=0.4) as server:
        reader = await server.connect(BIG)
        head, taken = await reader.readuntil(b"\r\n\r\n"), 0
        while taken < ENORMOUS:
            taken += len(await reader.read(1_000_000))
            await asyncio.sleep(0.01)
        assert b"200 OK" in head


def reset(sock: socket.socket) -> None:
    """Close so that the other side is told: connection reset by peer."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def shut(sock: socket.socket) -> None:
    """Close in the usual way."""
    sock.close()


GOES = (
    HALF,
    HALF_BODY,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
    b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    b"POST /refusing HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nhalf",
    b"POST /refusing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    BIG,
    SLOW,
    WHOLE * 40,
)


@pytest.mark.parametrize("goes", [reset, shut])
@pytest.mark.parametrize("said", GOES, ids=len)
async def test_a_caller_who_goes_away_is_no_news(
    said: bytes, goes: Callable[[socket.socket], None]
) -> None:
    """In the head, in the body, before or in the answer: nothing is logged, all is freed."""
    with captured_logs() as entries:
        async with served() as server:
            caller = socket.create_connection((HOST, server.port))
            caller.sendall(said)
            await asyncio.sleep(0.05)
            goes(caller)
            server.may.set()
            await server.held(0)
            assert 200 == await server.status()
    assert [] == entries


ANSWERED_BY_THE_LIBRARY = (
    b"junk\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\n\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PUT /big HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    WHOLE,
)


@pytest.mark.parametrize("said", ANSWERED_BY_THE_LIBRARY, ids=len)
async def test_no_answer_names_its_software(said: bytes) -> None:
    """Neither Python nor the library with their versions, also where no code of ours was asked."""
    async with served() as server:
        reader = await server.connect(said)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert "server: mashang\r\n" in head
    assert "aiohttp" not in head
    assert "python" not in head


class Waiting:
    """A service behind a proxy, whose one endpoint answers when it may."""

    def __init__(self) -> None:
        self.busy, self.may = asyncio.Semaphore(0), asyncio.Event()

    async def answer(self, _: Call[None, None]) -> Text:
        """At work until it may answer."""
        self.busy.release()
        await self.may.wait()
        return Text("done")

    @asynccontextmanager
    async def served(self, outside: Outside) -> AsyncIterator[TestClient[web.Request, Any]]:
        """Asked through a proxy on this machine."""
        endpoint = Endpoint("GET", "/page", self.answer, "A page", PUBLIC)
        house = House("test", (endpoint,), Pages())
        async with TestClient(TestServer(make_app(house, outside))) as client:
            yield client


async def test_behind_a_trusted_proxy_each_caller_has_a_share() -> None:
    """One who asks for too much at a time is told so, in words; the others are served."""
    waiting = Waiting()
    outside = Outside(secure=True, proxies=(ip_network(HOST),), most=1)
    async with waiting.served(outside) as client:

        def ask(caller: str) -> asyncio.Task[ClientResponse]:
            headers = {"X-Forwarded-For": caller, "Accept": "text/html"}
            return asyncio.ensure_future(client.get("/page", headers=headers))

        first = ask("1.1.1.1, 192.0.2.1")
        await waiting.busy.acquire()
        again = await ask("2.2.2.2, 192.0.2.1")
        other = ask("192.0.2.2")
        await waiting.busy.acquire()
        waiting.may.set()
        assert [200, 429, 200] == [(await first).status, again.status, (await other).status]
        assert "</html>" in await again.text()
        assert "1" == again.headers["Retry-After"]
        assert 200 == (await ask("192.0.2.1")).status


@pytest.mark.parametrize("secure", [True, False])
async def test_behind_tls_a_browser_is_told_to_stay_there(secure: bool) -> None:
    """On every answer, refusals and files too; on one's own machine it would lock one out."""
    waiting = Waiting()
    waiting.may.set()
    async with waiting.served(Outside(secure=secure)) as client:
        for path in ("/page", "/nowhere", "/static/mark.svg", "/page/", "/openapi.json"):
            answer = await client.get(path, allow_redirects=False)
            told = answer.headers.get("Strict-Transport-Security")
            assert told == ("max-age=31536000" if secure else None)


@pytest.mark.parametrize(
    "target",
    ["//evil.example/page/", "/page/", "/page/?x=//evil.example", "http://evil.example/page/"],
)
async def test_no_link_of_ours_leads_to_another_host(target: str) -> None:
    """Wherever the address that was asked for is written into an answer."""
    waiting = Waiting()
    waiting.may.set()
    async with waiting.served(BARE) as client:
        host, port = client.host, client.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
    links = [line for line in answer.splitlines() if line.lower().startswith("location")]
    assert [] == [link for link in links if not link.startswith("Location: /page")]
