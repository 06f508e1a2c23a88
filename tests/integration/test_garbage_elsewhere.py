"""Garbage where no endpoint of the table is: raw bytes, files, ops ports, the vendors' sandbox."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.ports import free_port
from deploy.sandbox.dialects import DIALECTS
from deploy.sandbox.testing import OPTIONS, SandboxProcess
from shared.web.edge import make_app
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.house import House
from shared.web.listening import listen
from shared.web.ops import ops_app
from shared.web.pages import Pages
from shared.web.replies import Text
from tests.integration import garbage
from tests.integration.garbage import Request
from tests.support import captured_logs

WORDS = [quote(text, safe="") for text in garbage.TEXTS if text and len(text) < 1000]
WORDS += [
    "%00",
    "%ff",
    "%ED%A0%80",
    "..",
    "%2e%2e",
    "..%2f..",
    "%0d%0a",
    "%",
    "%zz",
    "*",
    "x" * 4000,
]


async def echo(call: Call[None, None]) -> Text:
    """Says how much came."""
    return Text(str(len(call.raw)))


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[str]:
    """A service's listener with one endpoint that reads whatever comes."""
    endpoint = Endpoint("POST", "/api/v1/x", echo, "X", PUBLIC, raw=True)
    port = free_port()
    runner = await listen(make_app(House("test", (endpoint,), Pages())), "127.0.0.1", port)
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest.fixture(scope="module")
async def ops() -> AsyncIterator[str]:
    """An ops port."""

    async def check() -> dict[str, str]:
        return {"database": "ok", "service": "ok"}

    port = free_port()
    runner = await listen(ops_app(check), "127.0.0.1", port)
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The vendors' sandbox, as a process."""
    with SandboxProcess(tmp_path_factory.mktemp("book")) as process:
        yield process


def chunked(*parts: bytes) -> bytes:
    """A request whose body comes in these pieces as they are."""
    head = b"POST /api/v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(parts)


def lengthy(length: str, body: bytes, more: str = "") -> bytes:
    """A request that says how long its body is."""
    head = f"POST /api/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n"
    return head.encode() + body


FRAMES = {
    "no size": chunked(b"\r\n"),
    "a wrong size": chunked(b"zz\r\nab\r\n0\r\n\r\n"),
    "a negative size": chunked(b"-1\r\nab\r\n0\r\n\r\n"),
    "a size beyond all": chunked(b"f" * 20 + b"\r\nab\r\n0\r\n\r\n"),
    "more than its size": chunked(b"1\r\nabc\r\n0\r\n\r\n"),
    "a bad end": chunked(b"2\r\nabXX0\r\n\r\n"),
    "a bad trailer": chunked(b"2\r\nab\r\n0\r\n\0: x\r\n\r\n"),
    "two lengths": lengthy("2", b"ab", "Content-Length: 3\r\n"),
    "length and chunks": lengthy("2", b"0\r\n\r\n", "Transfer-Encoding: chunked\r\n"),
    "chunks twice": lengthy("2", b"ab", "Transfer-Encoding: chunked, chunked\r\n"),
    "an unknown coding": lengthy("2", b"ab", "Transfer-Encoding: gzip\r\n"),
    "a signed length": lengthy("+2", b"ab"),
    "a spaced length": lengthy("2 2", b"ab"),
    "a Chinese length": lengthy("二", b"ab"),
    "a length beyond all": lengthy("9" * 30, b"ab"),
}


@pytest.mark.parametrize("name", FRAMES)
async def test_a_body_that_contradicts_its_frame_is_refused(house: str, name: str) -> None:
    """400 (or 413 for what is too much), never taken as it is, never news."""
    with captured_logs() as entries:
        told = await garbage.speak(house, FRAMES[name])
    assert told is not None
    assert told.status in (400, 413)
    assert "mashang" == told.headers["server"]
    assert [] == entries


async def test_what_follows_a_body_is_not_part_of_it(house: str) -> None:
    """Bytes after its end are the next request, and no good one; they spoil what they came with."""
    with captured_logs() as entries:
        told = await garbage.speak(house, lengthy("2", b"ab") + b"cdef\r\n\r\n")
    assert told is not None
    assert (400, "mashang") == (told.status, told.headers["server"])
    assert [] == entries


BITS = st.sampled_from(
    (
        b"GET", b"POST", b"CONNECT", b"OPTIONS", b"PRI", b" ", b"  ", b"\t", b"/", b"//", b"*",
        b"?", b"/api/v1/x", b"http://[::1", b"http://x:99999/", b"x:1", b"//evil", b"%", b"\\",
        b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/", b"\r\n", b"\n", b"\r", b"\0",
        b"Host: x", b"Host:", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Upgrade: h2c",
        b"Connection: upgrade", b"Upgrade: websocket", b"Expect: 100-continue", b"Cookie: a=b",
        b"Cookie: \xff", b"Content-Type: ;;", b":", b"abc", b"3\r\nabc\r\n", b"0\r\n\r\n", b"\xff",
    )
)  # fmt: skip


@settings(suppress_health_check=[*HealthCheck])
@given(st.lists(BITS | st.binary(max_size=6), max_size=14).map(b"".join))
async def test_no_bytes_are_a_failure_of_ours(house: str, said: bytes) -> None:
    """Pieces of HTTP in any order: an answer under 500 or a closed connection, and no log line."""
    with captured_logs() as entries:
        told = await garbage.speak(house, said + b"\r\n\r\n", ended=True)
    assert told is None or told.status < 500
    assert [] == entries


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word[:12])
async def test_garbage_for_a_file_is_not_found(house: str, word: str) -> None:
    """Below /static/, and at addresses that nobody knows."""
    for address in (
        f"/static/{word}",
        f"/static/mark.svg{word}",
        f"/{word}",
        f"//{word}",
        f"/{word}/",
    ):
        told = await garbage.send(
            house, address, Request("", method="GET"), {"Accept": "text/html"}
        )
        assert told is not None
        assert told.status in (200, 308, 400, 403, 404), (address, told)
        assert told.status != 200 or address.startswith("/static/mark.svg")
        assert not told.headers.get("location", "/").startswith(("//", "/\\", "http"))


async def test_garbage_at_the_ops_port(ops: str) -> None:
    """Whatever is asked of it: what is there, or that it is not."""
    bodies = (b"", garbage.NOISE, garbage.DEEP, b"\0" * 64)
    with captured_logs() as entries:
        for address in (
            f"/{part}{word}" for part in ("", "readyz", "metrics?name[]=") for word in WORDS
        ):
            told = await garbage.send(ops, address, Request("", method="GET"), {"Accept": "\xff"})
            assert told is not None
            assert told.status < 500, address
            assert "mashang" == told.headers["server"]
        for method in ("POST", "PUT", "DELETE", "TRACE", "X"):
            for body in bodies:
                told = await garbage.send(ops, "/readyz", Request("", body, method=method), {})
                assert told is not None
                assert told.status in (400, 405)
        for said in (*garbage.NO_HTTP, *FRAMES.values()):
            told = await garbage.speak(ops, said)
            assert told is None or told.status < 500
    assert [] == entries


def vendors_headers() -> dict[str, str]:
    """A customer who signs in by a pair; where each request is signed, garbage gets no further."""
    pairs = [(OPTIONS.get(f"--{name}-key"), OPTIONS.get(f"--{name}-secret")) for name in DIALECTS]
    key, secret = next(pair for pair in pairs if None not in pair)
    return {"Authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}


BODIES = (
    b"", garbage.NOISE, garbage.DEEP, b'{"a": "x', b"\xff\xfe{\0}\0", b"NaN", b"9" * 5000, b"null",
    b'"\\ud800"', b"[]", b"{}{}", b"\0" * 64, b"x" * 2_000_000,
    *(f'{{"vendor": "{name}", "kind": "\\ud800"}}'.encode() for name in DIALECTS),
    b'{"external_id": "\\ud800", "product_id": 1}',
    json.dumps({
        "external_id": "x\0", "product_id": 10**30, "auto_confirm": True,
        "credit_party_identifier": {"mobile_number": "\ud800"},
    }).encode(),
)  # fmt: skip
QUERIES = ("", *(f"external_id={word}&vendor={word}&day={word}" for word in WORDS))
REST = ("", "%ff", "v1/transactions", "v1/async/transactions")
PATHS = (
    *(f"/{name}/{rest}" for name in DIALECTS for rest in REST),
    "/admin/faults", "/admin/book", "/admin/statement", "/admin/%00", "/", "//admin/book",
)  # fmt: skip
DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "2026-1-1", "٢٠٢٦-01-01", "%ED%A0%80")


def at_the_sandbox() -> Iterator[tuple[str, Request]]:
    """Everything to every path of it."""
    for path in PATHS:
        for body in BODIES:
            yield path, Request("", body, method="POST")
        for encoding in ("gzip", "br", "zstd", "x"):
            coded = {"Content-Encoding": encoding}
            yield path, Request("", b"junk", headers=coded, method="POST")
        for query in QUERIES:
            yield path, Request("", method="GET", query=query)
        for kind in ("multipart/form-data", "application/json; charset=martian", "\xff"):
            yield path, Request("", b"{}", kind, method="POST")
    for query in (f"vendor={name}&day={day}" for name in DIALECTS for day in DAYS):
        yield "/admin/statement", Request("", method="GET", query=query)


async def test_garbage_at_the_sandbox(sandbox: SandboxProcess) -> None:
    """It is told in the vendor's or the admin's words; a test never mistakes it for a fault."""
    headers, wrong = vendors_headers(), []
    for path, request in at_the_sandbox():
        told = await garbage.send(sandbox.url, path, request, headers)
        if told is None or told.status >= 500:
            wrong.append((path, request.method, request.query[:60], request.body[:60], told))
    for said in garbage.NO_HTTP:
        told = await garbage.speak(sandbox.url, said)
        if told and told.status >= 500 and told.status != 505:
            wrong.append(("", "", "", said[:60], told))
    assert [] == wrong


def test_the_book_is_its_owners(tmp_path: Path) -> None:
    """Phone numbers stand in it: also where folder and files were there before, for all to read."""
    (tmp_path / "book.sqlite3").touch(0o644)
    (tmp_path / "lock").touch(0o666)
    tmp_path.chmod(0o755)
    with SandboxProcess(tmp_path):
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert {"book.sqlite3", "lock"} <= set(modes)
    assert {0o600} == set(modes.values())
