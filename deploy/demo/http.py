"""A caller with patience: whatever is killed meanwhile, it asks again until it has an answer."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp

from shared.errors import MashangError

PATIENCE = 120.0
PAUSE = 0.25


class Declined(MashangError):
    """The service answered, and the answer is no."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        fields = "; ".join(f"{e['field']}: {e['detail']}" for e in body.get("errors", []))
        super().__init__(f"{status} {body.get('detail', '')} {fields}".strip())
        self.status = status


async def call(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    json: object = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """The JSON answer. Repeats while the service is away (so: only what may be repeated)."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with http.request(method, url, json=json, headers=headers) as response:
                if response.status < 500:
                    return await body_of(response)
        await asyncio.sleep(PAUSE)
    raise MashangError(f"no answer from {url} within {PATIENCE:.0f} s")


async def body_of(response: aiohttp.ClientResponse) -> Any:
    """What the service says. Declined if it says no."""
    body = await response.json(content_type=None) if await response.read() else {}
    if response.status >= 400:
        raise Declined(response.status, body or {})
    return body
