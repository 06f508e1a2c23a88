"""Reloadly's token: fetched when there is none, by one caller at a time, kept until near its end.

Nothing is ordered by asking for one, so whatever goes wrong here is certain.
"""

import asyncio
import time
from datetime import timedelta
from http import HTTPStatus

from pydantic import BaseModel, Field, SecretStr, ValidationError

from shared.vendors.client import Answer, Client
from shared.vendors.outcomes import Held, TryLater

NOT_BEFORE = timedelta(seconds=5)
# So long before its end it is not used any more: an order takes time to arrive.
MARGIN_SECONDS = 60.0


class _Token(BaseModel):
    access_token: str = Field(min_length=1, max_length=8192, pattern=r"^[\x21-\x7e]+$")
    expires_in: float = Field(gt=0, lt=2**31)


class Tokens:
    """The present token of one account."""

    def __init__(self, client: Client, client_id: str, secret: SecretStr, audience: str) -> None:
        self._client, self._secret = client, secret
        self._wanted = {"client_id": client_id, "grant_type": "client_credentials"}
        self._wanted |= {"audience": audience}
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> str | Held | TryLater:
        """One that is good for a while."""
        async with self._lock:
            if not self._token or time.monotonic() >= self._until:
                fetched = await self._fetch()
                if not isinstance(fetched, _Token):
                    return fetched
                self._keep(fetched)
            return self._token

    def forget(self, token: str) -> None:
        """It was refused; unless another has taken its place already, the next is fetched."""
        if self._token == token:
            self._token = ""

    def _keep(self, fetched: _Token) -> None:
        margin = min(MARGIN_SECONDS, fetched.expires_in / 2)
        self._token = fetched.access_token
        self._until = time.monotonic() + fetched.expires_in - margin

    async def _fetch(self) -> _Token | Held | TryLater:
        body = self._wanted | {"client_secret": self._secret.get_secret_value()}
        answer = await self._client.call("POST", "/oauth/token", json=body)
        if not isinstance(answer, Answer):
            return TryLater(answer.code, NOT_BEFORE)
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return Held("token_refused")
        try:
            return _Token.model_validate_json(answer.body)
        except ValidationError:
            return TryLater(f"token_http_{answer.status}", NOT_BEFORE)
