"""For tests: a client of the sandbox. What differs by vendor is in each dialect's ``customer``."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession

SEED = "a test's accounts"
FINAL = {"COMPLETED", "REVERSED"}
PATIENCE_SECONDS = 60


class Client:
    """Any call, and the admin calls of a test."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and JSON (or text) of any path."""
        async with self._session.request(method, f"{self.url}{path}", **options) as response:
            is_json = "json" in response.content_type
            return response.status, await (
                response.json(content_type=None) if is_json else response.text()
            )

    async def arm(self, vendor: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Arm a fault."""
        body = {"vendor": vendor, "kind": kind, **fields}
        status, answer = await self.call("POST", "/admin/faults", json=body)
        if status != 201:
            raise RuntimeError(f"fault refused: {answer}")
        return dict(answer)

    async def book(self, **query: str) -> dict[str, Any]:
        """What was truly paid and sent."""
        return dict((await self.call("GET", f"/admin/book?{urlencode(query)}"))[1])

    async def reply(self, vendor: str, phone: str, text: str) -> None:
        """A citizen's phone writes back."""
        body = {"vendor": vendor, "phone": phone, "text": text}
        status, answer = await self.call("POST", "/admin/replies", json=body)
        if status != 202:
            raise RuntimeError(f"reply refused: {answer}")

    async def settled(self, reference: str) -> Mapping[str, Any]:
        """The book's line of a top-up once its state is final."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = (await self.book(external=reference))["airtime"]["transactions"]
                if found and is_final(found[0]["status"]):
                    return dict(found[0])
                await asyncio.sleep(0.01)

    async def reset(self) -> None:
        """Forget faults and book."""
        await self.call("DELETE", "/admin/faults")
        await self.call("DELETE", "/admin/book")


def is_final(status: str) -> bool:
    """Whether the operator has spoken."""
    return status in FINAL or status.startswith("DECLINED")
