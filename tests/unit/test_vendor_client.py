"""The one HTTP client for vendors, against a real server that behaves badly."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.local.ports import free_port
from shared.vendors.client import REFUSED, Answer, Client, query_string
from shared.vendors.outcomes import TryLater, Unknown

Behave = Callable[[web.Request], Awaitable[web.StreamResponse]]
METHODS = ["GET", "POST", "PUT", "DELETE"]


class Vendor:
    """A server that notes what it is asked and then does as told."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.behave: Behave = self.greet
        self.url = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Note the request, whole, and behave."""
        self.seen.append(request)
        await request.read()
        return await self.behave(request)

    async def greet(self, _: web.Request) -> web.StreamResponse:
        """A good answer, with a cookie in it."""
        answer = web.Response(text="hello")
        answer.set_cookie("session", "1")
        return answer

    async def hang_up(self, request: web.Request) -> web.StreamResponse:
        """No answer at all."""
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def stream(
        self, request: web.Request, *chunks: bytes, pause: float
    ) -> web.StreamResponse:
        """An answer that comes in pieces and never ends."""
        answer = web.StreamResponse()
        await answer.prepare(request)
        for chunk in chunks:
            await answer.write(chunk)
        await asyncio.sleep(pause)
        return answer


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """The server, listening."""
    told = Vendor()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", told.take)
    async with TestServer(app) as server:
        told.url = str(server.make_url("/v1"))
        yield told


@pytest.fixture
async def client(vendor: Vendor) -> AsyncIterator[Client]:
    """A client of it, with little patience and a small mouth."""
    async with Client(vendor.url, 0.5, {"X-Ours": "yes"}, most_bytes=1000) as opened:
        yield opened


async def test_an_answer_comes_back_whole_whatever_its_status(
    client: Client, vendor: Vendor
) -> None:
    """Path, query, body and headers arrive as given; the status is the caller's to judge."""

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=503, body=await request.read())

    vendor.behave = refuse
    query = {"b": "1 2", "a": "+86/~"}
    answer = await client.call("POST", "/orders", query=query, headers={"X-One": "1"}, json=[7])
    assert Answer(503, b"[7]") == answer
    [seen] = vendor.seen
    assert "/v1/orders?a=%2B86%2F~&b=1%202" == seen.raw_path
    assert ("yes", "1") == (seen.headers["X-Ours"], seen.headers["X-One"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", METHODS)
async def test_redirects_are_not_followed(
    client: Client, vendor: Vendor, method: str, status: int
) -> None:
    """Wherever an answer points, the call was made once, to the configured address."""

    async def away(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    vendor.behave = away
    assert Answer(status, b"") == await client.call(method, "/orders")
    assert ["/v1/orders"] == [request.path for request in vendor.seen]


@pytest.mark.parametrize("method", METHODS)
async def test_a_broken_connection_is_unknown_and_not_tried_again(
    client: Client, vendor: Vendor, method: str
) -> None:
    """The library would repeat GET, PUT and DELETE once by itself."""
    vendor.behave = vendor.hang_up
    assert Unknown("ServerDisconnectedError") == await client.call(method)
    assert 1 == len(vendor.seen)


async def test_a_broken_connection_after_a_good_one_is_not_tried_again(
    client: Client, vendor: Vendor
) -> None:
    """Every call has a connection of its own, so none is left over to fail on."""
    await client.call("GET")
    vendor.behave = vendor.hang_up
    assert isinstance(await client.call("GET"), Unknown)
    assert ["close", "close"] == [request.headers["Connection"] for request in vendor.seen]


async def test_a_refused_connection_proves_that_nothing_left() -> None:
    """The only failure of the wire after which a call may simply be made again."""
    async with Client(f"http://127.0.0.1:{free_port()}", 0.5) as client:
        outcomes = [await client.call(method) for method in METHODS]
    assert [REFUSED] * 4 == outcomes
    assert isinstance(REFUSED, TryLater)


async def test_a_host_without_a_name_is_unknown() -> None:
    """Not refused, so nothing is proved; and the address is not in the code."""
    async with Client("http://nowhere.invalid", 5) as client:
        outcome = await client.call("GET")
    assert isinstance(outcome, Unknown)
    assert "invalid" not in outcome.code


async def test_a_slow_answer_is_unknown(client: Client, vendor: Vendor) -> None:
    """A time-out says nothing about the effect."""

    async def sleep(_: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.Response()

    vendor.behave = sleep
    assert isinstance(await client.call("POST"), Unknown)


async def test_a_body_that_does_not_end_is_unknown(client: Client, vendor: Vendor) -> None:
    """The time for the whole call includes its body."""
    vendor.behave = lambda request: vendor.stream(request, b"half", pause=2)
    assert isinstance(await client.call("GET"), Unknown)


async def test_a_body_that_is_cut_short_is_unknown(client: Client, vendor: Vendor) -> None:
    """Half of what was promised is no answer."""

    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "10"})
        await answer.prepare(request)
        await answer.write(b"half")
        return await vendor.hang_up(request)

    vendor.behave = cut
    assert Unknown("ClientPayloadError") == await client.call("GET")


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False), (5_000_000, False)])
async def test_an_answer_is_read_only_so_far(
    client: Client, vendor: Vendor, size: int, fits: bool
) -> None:
    """What is larger than any vendor's answer is not read to its end."""

    async def shout(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * size)

    vendor.behave = shout
    wanted = Answer(200, b"x" * size) if fits else Unknown("answer_too_large")
    assert wanted == await client.call("GET")


async def test_the_limit_holds_for_what_was_packed(client: Client, vendor: Vendor) -> None:
    """A small packed answer must not unpack into a large one."""

    async def bomb(_: web.Request) -> web.Response:
        packed = gzip.compress(bytes(200_000))
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    vendor.behave = bomb
    assert isinstance(await client.call("GET"), Unknown)


async def test_cookies_are_not_kept(client: Client, vendor: Vendor) -> None:
    """No call depends on the one before it."""
    await client.call("GET")
    await client.call("GET")
    assert [None, None] == [request.headers.get("Cookie") for request in vendor.seen]


async def test_the_environments_proxy_is_not_used(
    client: Client, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host is the configured one, not one that somebody put into the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert Answer(200, b"hello") == await client.call("GET")


@pytest.mark.parametrize("path", ["@evil.example/x", ":1/x", ".evil.example/x"])
async def test_no_path_leads_to_another_host(path: str) -> None:
    """An adapter that would build such a path has a defect, and nothing is sent."""
    async with Client("http://vendor.example", 0.5) as client:
        with pytest.raises(ValueError, match=r"leads away|port|host"):
            await client.call("GET", path)


async def test_it_must_be_open(vendor: Vendor) -> None:
    """Used outside its context it says so."""
    with pytest.raises(RuntimeError, match="outside its context"):
        await Client(vendor.url, 1).call("GET")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://vendor.example/v1", "vendor.example"),
        ("https://vendor.example:443/", "vendor.example"),
        ("http://127.0.0.1:8090/x/?a=b#c", "127.0.0.1:8090"),
    ],
)
def test_the_host_is_as_in_its_header(url: str, host: str) -> None:
    """Signatures cover it, so it must be exactly that."""
    assert host == Client(url, 1).host


def test_a_query_is_sorted_and_encoded() -> None:
    """After RFC 3986, where even a slash is encoded and a tilde is not."""
    assert "a=%2F~&b=%20%2B%E7%A0%81" == query_string({"b": " +码", "a": "/~"})
