"""The one HTTP client for vendors: it asks once, waits so long, reads so much, no more.

The host comes from the configured address and from nothing that a caller or an answer says: no
redirects, no cookies, no proxy or log-in of the environment. Every call has a fresh connection: on
a kept one that the vendor has just closed, an order would end as unknown for nothing. What lower
libraries raise becomes an outcome here, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from shared.observe import spans
from shared.vendors.outcomes import TryLater, Unknown

MOST_BYTES = 1024 * 1024
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 10.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REFUSED = TryLater("connection_refused", timedelta(seconds=5))


@dataclass(frozen=True)
class Answer:
    """What came back whole, whatever its status."""

    status: int
    body: bytes


def body_of(answer: Answer | TryLater | Unknown) -> bytes | TryLater | Unknown:
    """The body of any answer below 500, where the vendor tells everything else in it."""
    if not isinstance(answer, Answer):
        return answer
    failed = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Unknown(f"http_{answer.status}") if failed else answer.body


class Client:
    """Calls below one configured address. `seconds` limits a whole call, connection and body."""

    def __init__(
        self,
        url: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.base = URL(url).with_query(None).with_fragment(None)
        self._headers, self._most_bytes = dict(headers or {}), most_bytes
        self._timeout = ClientTimeout(
            total=seconds,
            connect=min(seconds, CONNECT_SECONDS),
            sock_read=min(seconds, IDLE_SECONDS),
        )
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            headers=self._headers,
            timeout=self._timeout,
            connector=TCPConnector(force_close=True),
            cookie_jar=DummyCookieJar(),
            middlewares=(once,),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    @property
    def host(self) -> str:
        """As it stands in the Host header."""
        port = "" if self.base.is_default_port() else f":{self.base.port}"
        return f"{self.base.host}{port}"

    async def call(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: bytes | None = None,
    ) -> Answer | TryLater | Unknown:
        """One request to `path` below the address. Only a refused connection proves no byte left.

        The body is `json`, or `data` as it is, whose type stands in the headers.

        ValueError if the path would lead to another host: that is a defect of the adapter.
        """
        url = self._below(path, query or {})
        if self._session is None:
            raise RuntimeError("the vendor is used outside its context")
        told = {"http.request.method": method, "server.address": self.host}
        with spans.doing(f"{method} {self.host}", "client", told) as span:
            try:
                async with self._session.request(
                    method, url, headers=headers, json=json, data=data, allow_redirects=False
                ) as response:
                    span.tell({"http.response.status_code": response.status})
                    return await self._read(response)
            except _Failed as failed:
                span.fail(failed.error)
                return _meaning(failed.error)
            except (ClientError, OSError, TimeoutError) as error:
                span.fail(error)
                return _meaning(error)

    def _below(self, path: str, query: Mapping[str, str]) -> URL:
        asked = f"?{query_string(query)}" if query else ""
        url = URL(f"{self.base}{path}{asked}", encoded=True)
        if url.origin() != self.base.origin():
            raise ValueError(f"{path!r} leads away from the configured host")
        return url

    async def _read(self, response: ClientResponse) -> Answer | Unknown:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._most_bytes:
                response.close()
                return Unknown("answer_too_large")
        return Answer(response.status, bytes(body))


class _Failed(Exception):
    """What aiohttp must not see, since it would send the request again."""

    def __init__(self, error: Exception) -> None:
        super().__init__(repr(error))
        self.error = error


async def once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from silently repeating a GET, PUT or DELETE whose connection broke."""
    try:
        return await handler(request)
    except (ClientError, OSError) as error:
        raise _Failed(error) from error


def query_string(query: Mapping[str, str]) -> str:
    """Sorted and percent-encoded after RFC 3986; sent exactly so, and so it can be signed."""
    pairs = sorted(query.items())
    return "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)


def _meaning(error: Exception) -> TryLater | Unknown:
    # Only the kind of error is told: its text may quote the address, which may carry a number.
    if isinstance(error, ClientConnectorError) and isinstance(
        error.os_error, ConnectionRefusedError
    ):
        return REFUSED
    return Unknown(type(error).__name__)
