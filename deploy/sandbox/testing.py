"""For tests: the sandbox as a real process, and an inbox for its callbacks."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiohttp import web

from deploy.sandbox.customer import PATIENCE_SECONDS, SEED
from deploy.sandbox.dialects import DIALECTS

OPTIONS = {
    f"--{d.name}-{field.replace('_', '-')}": d.secret(SEED, field)
    for d in DIALECTS.values()
    for field in d.secrets
} | {"--delay-scale": "0.01"}
TAKEN = {"code": 0, "msg": "OK", "result": 0, "errmsg": "OK"}
LEASH = Path(__file__).parents[1] / "local" / "child.py"


class SandboxProcess:
    """``python -m deploy.sandbox`` on a free port, which it keeps over ``start`` after ``kill``."""

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self._options = OPTIONS | {"--data": str(folder), "--port": "0"} | dict(options or {})
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Return when it listens."""
        # Ends with us, also when we are killed.
        leash = ("-I", "-S", str(LEASH), str(os.getpid()), str(int(signal.SIGTERM)), "-", "--")
        sandbox = (sys.executable, "-m", "deploy.sandbox", *self._arguments())
        command = [sys.executable, *leash, *sandbox]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
        self._process = process
        ready = process.stdout.readline() if process.stdout else ""
        if not ready.startswith("sandbox ready on "):
            raise RuntimeError(f"the sandbox did not start: {ready!r}")
        self.url = ready.split()[3]
        self._options["--port"] = self.url.rpartition(":")[2]

    def _arguments(self) -> list[str]:
        return [text for pair in self._options.items() for text in pair]

    def kill(self) -> int:
        """SIGKILL, as a power cut would."""
        return self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, signum: int) -> int:
        process = self._process
        if process is None:
            raise RuntimeError("the sandbox is not running")
        process.send_signal(signum)
        code = process.wait(PATIENCE_SECONDS)
        if process.stdout:
            process.stdout.close()
        self._process = None
        return code

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._end(signal.SIGKILL)


class Posted(NamedTuple):
    """A callback as it came."""

    headers: Mapping[str, str]
    body: bytes


class Inbox:
    """A customer's callback address. ``answers`` are used up first; then every vendor's "taken"."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self._received: asyncio.Queue[Posted] = asyncio.Queue()
        self._runner = web.AppRunner(self._app(), access_log=None)
        self.url = ""

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{any:.*}", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        self._received.put_nowait(Posted(request.headers, await request.read()))
        status, body = self.answers.pop(0) if self.answers else (200, TAKEN)
        return web.json_response(body, status=status)

    async def next(self) -> Any:
        """The next callback's JSON."""
        return json.loads((await self.next_posted()).body)

    async def next_posted(self) -> Posted:
        """The next callback."""
        return await asyncio.wait_for(self._received.get(), PATIENCE_SECONDS)

    def waiting(self) -> int:
        """How many more have arrived."""
        return self._received.qsize()

    async def start(self, port: int = 0) -> None:
        """Listen on a free port, or on the given one."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/callback"

    async def __aenter__(self) -> Self:
        await self.start(self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
