"""For tests: a vendor that answers what it is told, path by path, and keeps what it was asked."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Scripted:
    """`answers` by the end of a path; anything else gets `default`. Each is status and body."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    default: tuple[int, Any] = (404, b"")
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def app(self) -> web.Application:
        """To be served."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    @property
    def paths(self) -> list[str]:
        """The ends of the paths, as they were asked."""
        return [path.rpartition("/")[2] for path, _ in self.asked]

    def bodies(self, end: str) -> list[str]:
        """What was sent to a path."""
        return [body for path, body in self.asked if path.endswith(end)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, (await request.read()).decode()))
        known = [told for end, told in self.answers.items() if request.path.endswith(end)]
        status, body = known[0] if known else self.default
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=raw, content_type="application/json")
