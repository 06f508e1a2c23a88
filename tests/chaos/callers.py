"""Callers of a service with several instances: any of them will do, and each may be dead."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import aiohttp

from deploy.demo.http import Declined, body_of
from deploy.demo.play import REVIEWER, VERIFIER
from shared.errors import MashangError
from tests.chaos.city import City

PAUSE = 0.1
# An instance dies many times at one point of one act, and on a busy machine starts slowly.
PATIENCE = 900.0
Answer = dict[str, Any]


class Callers:
    """Everybody outside, with all the patience in the world and one key for all repetitions."""

    def __init__(self, http: aiohttp.ClientSession, city: City, seed: int) -> None:
        self._http, self.city, self._dice = http, city, random.Random(seed)
        self._tokens: dict[str, str] = {}
        self._signing_in = asyncio.Lock()

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answer of whichever instance gives one. Declined if it says no."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while loop.time() < deadline:
            url = self._dice.choice(self.city.hosts(service)) + path
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.request(method, url, json=body, headers=headers) as answer:
                    if answer.status < 500:
                        return await body_of(answer)
            await asyncio.sleep(PAUSE)
        raise MashangError(f"no answer to {method} {path} from {service}")

    async def book(self) -> Answer:
        """What the vendors truly did."""
        while True:
            url = f"{self.city.urls['sandbox']}/admin/book"
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.get(url) as answer:
                    return dict(await body_of(answer))
            await asyncio.sleep(PAUSE)

    async def staff(
        self, method: str, path: str, body: object = None, who: str = VERIFIER
    ) -> Answer:
        """At the desk, signed in."""
        token, key = self._tokens.get(who) or await self._sign_in(who, None), uuid4().hex
        try:
            return await self._ask(method, path, body, key, token)
        except Declined as refusal:
            if refusal.status != 401:
                raise
        return await self._ask(method, path, body, key, await self._sign_in(who, token))

    async def _ask(self, method: str, path: str, body: object, key: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        answer: Answer = await self.call("verification", method, path, body, headers)
        return answer

    async def tried(self, path: str, body: object, who: str = VERIFIER) -> None:
        """Conflict: a repeated request of ours had already been carried out."""
        try:
            await self.staff("POST", path, body, who)
        except Declined as refusal:
            if refusal.status != 409:
                raise

    async def sign_in(self) -> None:
        """Both, before anything dies."""
        for who in (VERIFIER, REVIEWER):
            await self._sign_in(who, self._tokens.get(who))

    async def _sign_in(self, who: str, stale: str | None) -> str:
        async with self._signing_in:
            if self._tokens.get(who) == stale:
                login = {"username": who, "password": self.city.keys.demo_password}
                session = await self.call("verification", "POST", "/api/v1/sessions", login)
                self._tokens[who] = session["token"]
        return self._tokens[who]

    async def shown(self, service: str, path: str) -> Answer:
        """What a service shows to the signed-in supervisor."""
        if service == "verification":
            return await self.staff("GET", path)
        said = await self.staff("POST", "/api/v1/statements")
        headers = {"Authorization": f"Bearer {said['statement']}"}
        answer: Answer = await self.call(service, "GET", path, None, headers)
        return answer
