"""Answers without an end: they come as it happens, and end when they must."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiohttp import ClientError, ClientResponse, ClientSession, web
from pydantic import BaseModel
from yarl import URL

from deploy.local.ports import free_port
from shared.access import Operator
from shared.errors import Unauthenticated
from shared.observe import metrics
from shared.web.callers import Outside
from shared.web.edge import make_app
from shared.web.endpoints import Call, Endpoint, Visitor, staff
from shared.web.house import House
from shared.web.listening import listen
from shared.web.pages import Pages
from shared.web.replies import Cookie, Stream
from tests.conftest import eventually
from tests.support import captured_logs

HOST = "127.0.0.1"
SHARE = 3
LISTENING = {"Accept": "text/event-stream"}
SOMEBODY = Visitor(Operator("zhou", "周", "unit_operator", "n1"), 1, "session")


class Told(BaseModel):
    """A word."""

    number: int


@dataclass
class Speaker:
    """A service that says what it is given, to one listener at a time, and who may listen."""

    words: "asyncio.Queue[Told | None]" = field(default_factory=asyncio.Queue)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    signed_in: bool = True
    url: str = ""
    runner: web.AppRunner | None = None

    def house(self) -> House:
        """Three streams for staff, and nothing else."""
        endpoints = tuple(
            Endpoint("GET", path, handler, "News", staff(["unit_operator"]))
            for path, handler in (
                ("/news", self.news),
                ("/silent", self.silent),
                ("/late", self.late),
            )
        )
        return House("test", endpoints, Pages(), self)

    async def news(self, _: Call[None, None]) -> Stream:
        """What is put into `words`."""
        return Stream(self._said(), "/elsewhere")

    async def late(self, _: Call[None, None]) -> Stream:
        """The same, for whom nobody waits any more when it begins."""
        self.asked.set()
        await self.gone.wait()
        return Stream(self._said(), "/elsewhere")

    async def silent(self, _: Call[None, None]) -> Stream:
        """Nothing, for ever."""
        return Stream(self._nothing(), "/elsewhere")

    async def _said(self) -> AsyncGenerator[Told | None]:
        try:
            while True:
                yield await self.words.get()
        finally:
            self.ended.release()

    async def _nothing(self) -> AsyncGenerator[Told | None]:
        await asyncio.Event().wait()
        yield None

    async def by_cookie(self, _: Mapping[str, str]) -> Visitor:
        """Anybody, while they may."""
        if not self.signed_in:
            raise Unauthenticated()
        return SOMEBODY

    async def by_bearer(self, _: str) -> Visitor:
        """No programs."""
        raise Unauthenticated()

    def sign_in(self, address: str) -> str:
        """Somewhere."""
        return f"/sign-in?next={address}"

    async def renewed(self, visitor: Visitor, cookies: Mapping[str, str]) -> tuple[Cookie, ...]:
        """Never."""
        return ()


@pytest.fixture
async def speaker() -> AsyncIterator[Speaker]:
    """Listening on a port of its own, to callers of a small share."""
    one, port, outside = Speaker(), free_port(), Outside(most=SHARE)
    one.url = f"http://{HOST}:{port}"
    one.runner = await listen(make_app(one.house(), outside), HOST, port, outside)
    yield one
    await one.runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A browser."""
    async with ClientSession() as opened:
        yield opened


async def line(answer: ClientResponse) -> str:
    """The next line that is not empty."""
    async with asyncio.timeout(60):
        while True:
            if told := (await answer.content.readline()).decode().strip():
                return told


async def connections(speaker: Speaker) -> int:
    """How many callers are on the line."""
    assert speaker.runner
    assert speaker.runner.server
    return sum(one.transport is not None for one in speaker.runner.server.connections)


async def answers(path: str) -> dict[str, float]:
    """How often which status was counted at an address."""
    [metric] = metrics.HTTP_REQUESTS.collect()
    return {
        one.labels["status"]: one.value
        for one in metric.samples
        if one.name.endswith("_total") and one.labels["route"] == path
    }


async def test_what_happens_is_told_at_once(speaker: Speaker, http: ClientSession) -> None:
    """Each word comes as it is said, nothing new as a comment, and no cache keeps it."""
    async with http.get(f"{speaker.url}/news", headers=LISTENING) as answer:
        assert (200, "text/event-stream") == (answer.status, answer.content_type)
        assert "no-store" == answer.headers["Cache-Control"]
        assert "retry: 3000" == await line(answer)
        for number in (1, 2):
            speaker.words.put_nowait(Told(number=number))
            assert f'data: {{"number":{number}}}' == await line(answer)
        speaker.words.put_nowait(None)
        assert ":" == await line(answer)


async def test_a_service_that_drains_waits_for_no_listener(
    speaker: Speaker, http: ClientSession
) -> None:
    """Streams end with what they hold given back, and draining takes no longer for them."""
    async with (
        http.get(f"{speaker.url}/news", headers=LISTENING) as answer,
        http.get(f"{speaker.url}/silent", headers=LISTENING) as other,
    ):
        await line(answer)
        await line(other)
        assert speaker.runner
        async with asyncio.timeout(8):  # draining itself allows 10 s
            await speaker.runner.cleanup()
        assert b"" == (await answer.read()).strip()
    assert not speaker.ended.locked()


async def test_who_goes_away_is_told_nothing_more(speaker: Speaker, http: ClientSession) -> None:
    """The stream's own end is run, and nobody is alarmed."""
    with captured_logs() as logs:
        async with http.get(f"{speaker.url}/news", headers=LISTENING) as answer:
            await line(answer)
        async with asyncio.timeout(60):
            while speaker.ended.locked():
                speaker.words.put_nowait(Told(number=1))
                await asyncio.sleep(0.01)
    assert [] == logs


async def test_who_goes_away_before_the_first_word_is_no_failure(speaker: Speaker) -> None:
    """A click on the way counts as no answer that failed, and nobody is alarmed."""
    _, caller = await asyncio.open_connection(HOST, URL(speaker.url).port)
    head = f"Host: {HOST}\r\nAccept: text/event-stream"
    with captured_logs() as logs:
        caller.write(f"GET /late HTTP/1.1\r\n{head}\r\n\r\n".encode())
        await speaker.asked.wait()
        caller.transport.abort()
        await eventually(partial(connections, speaker), 0)
        speaker.gone.set()
        await eventually(partial(answers, "/late"), {"200": 1.0})
    assert [] == logs


async def test_who_may_not_any_more_hears_nothing_more(
    speaker: Speaker, http: ClientSession
) -> None:
    """Signed out or disabled: not a word more, and asked again one is led to signing in."""
    async with http.get(f"{speaker.url}/news", headers=LISTENING) as answer:
        await line(answer)
        speaker.signed_in = False
        speaker.words.put_nowait(Told(number=1))
        assert b"" == (await answer.read()).strip()
    async with http.get(f"{speaker.url}/news", headers=LISTENING, allow_redirects=False) as again:
        assert (303, "/sign-in?next=/news") == (again.status, again.headers["Location"])


async def test_the_oldest_stream_makes_room(speaker: Speaker, http: ClientSession) -> None:
    """A caller whose share is all streams is still served: the first of them ends."""
    held = [await http.get(f"{speaker.url}/silent", headers=LISTENING) for _ in range(SHARE)]
    for answer in held:
        await line(answer)
    async with http.get(f"{speaker.url}/nowhere") as answer:
        assert 404 == answer.status
    with pytest.raises(ClientError):
        await held[0].read()
    for answer in held:
        answer.close()


async def test_who_does_not_listen_is_led_to_a_page(speaker: Speaker, http: ClientSession) -> None:
    """Somebody who opens its address sees the page; who asks only for its head is told it."""
    async with http.get(f"{speaker.url}/news", allow_redirects=False) as answer:
        assert (303, "/elsewhere") == (answer.status, answer.headers["Location"])
    async with http.head(f"{speaker.url}/news", headers=LISTENING) as answer:
        assert (200, "text/event-stream") == (answer.status, answer.content_type)
