"""An old Chromium, as it still sits in many phones' apps, over its own debugging protocol.

What drives today's browsers does not know one of 2018 any more.
"""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.conftest import leash

PATIENCE = 60.0
# As root there is no sandbox to be had; what is shown is only ours.
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--mute-audio", "--hide-scrollbars",
    "--remote-debugging-port=0",
)  # fmt: skip
# A small and old phone.
SMALL = (320, 568)


class NoBrowser(Exception):
    """There is none, or it does not start. The text says what to do."""


class Failed(Exception):
    """The browser refused what it was asked."""


@dataclass
class Tab:
    """One page of the browser, as somebody has it before them."""

    socket: ClientWebSocketResponse
    console: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, "asyncio.Future[Any]"] = field(default_factory=dict)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Hear what the browser says, until it goes."""
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                self._hear(json.loads(message.data))
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Failed("the browser has gone"))

    def _hear(self, told: dict[str, Any]) -> None:
        if waiting := self._waiting.pop(told.get("id", 0), None):
            if "error" in told:
                waiting.set_exception(Failed(str(told["error"])))
            else:
                waiting.set_result(told.get("result", {}))
        method, values = told.get("method", ""), told.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded.set()
        if method in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(_complaint(values))

    async def ask(self, method: str, **values: Any) -> Any:
        """One command of the protocol."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": values})
        async with asyncio.timeout(PATIENCE):
            return await self._waiting[number]

    async def begin(self) -> None:
        """What every tab needs to be told first."""
        for wing in ("Page", "Runtime", "Network", "Log"):
            await self.ask(f"{wing}.enable")

    async def open(self, url: str) -> None:
        """Go there, and wait until it is loaded."""
        async with self.loading():
            answer = await self.ask("Page.navigate", url=url)
            if error := answer.get("errorText"):
                raise Failed(f"{url}: {error}")

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """What is done inside leads to another page."""
        self._loaded.clear()
        yield
        async with asyncio.timeout(PATIENCE):
            await self._loaded.wait()

    async def run(self, script: str) -> Any:
        """The value of an expression on the page, also of a promise."""
        answer = await self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if thrown := answer.get("exceptionDetails"):
            raise Failed(_complaint({"exceptionDetails": thrown}))
        return answer["result"].get("value")

    async def size(self, width: int, height: int) -> None:
        """A phone's screen of so many pixels."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=True,
            deviceScaleFactor=1,
        )  # fmt: skip

    async def headers(self, **sent: str) -> None:
        """What every request carries, as `Accept_Language`."""
        named = {name.replace("_", "-"): value for name, value in sent.items()}
        await self.ask("Network.setExtraHTTPHeaders", headers=named)

    async def picture(self) -> bytes:
        """What is seen, as PNG."""
        return b64decode((await self.ask("Page.captureScreenshot"))["data"])


def _complaint(values: dict[str, Any]) -> str:
    entry = values.get("entry")
    if entry:
        return f"{entry['level']}: {entry['text']} {entry.get('url', '')}"
    thrown = values["exceptionDetails"]
    return str(thrown.get("exception", {}).get("description") or thrown["text"])


@dataclass
class Chrome:
    """A running browser."""

    url: str
    http: ClientSession
    version: str

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """A page of its own; cookies are shared with the others."""
        async with self.http.put(f"{self.url}/json/new?about:blank") as answer:
            target = await answer.json(content_type=None)
        address = target["webSocketDebuggerUrl"]
        async with self.http.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            hearing = asyncio.create_task(tab.listen())
            try:
                await tab.begin()
                yield tab
            finally:
                async with self.http.get(f"{self.url}/json/close/{target['id']}"):
                    pass
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)


@asynccontextmanager
async def chrome(executable: Path) -> AsyncIterator[Chrome]:
    """A browser with a profile of its own; it ends with the block, or with us."""
    with tempfile.TemporaryDirectory(prefix="mashang-chrome-", ignore_cleanup_errors=True) as home:
        process = _started(executable, home)
        try:
            url = await _address(process, Path(home))
            async with ClientSession() as http:
                async with http.get(f"{url}/json/version") as answer:
                    about = await answer.json(content_type=None)
                yield Chrome(url, http, about["Browser"])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _started(executable: Path, home: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        leash(str(executable), *OPTIONS, f"--user-data-dir={home}", "about:blank"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "HOME": home},
    )  # fmt: skip


async def _address(process: "subprocess.Popen[bytes]", home: Path) -> str:
    told = home / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE):
        while not told.exists() or not told.read_text().strip():
            if process.poll() is not None:
                raise NoBrowser(f"the browser ended with {process.returncode}")
            await asyncio.sleep(0.02)
    return f"http://127.0.0.1:{told.read_text().split()[0]}"
