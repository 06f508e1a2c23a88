"""DT One DVS: POST /async/transactions, GET /transactions?external_id=, unsigned callbacks.

The vendor takes an `external_id` once (1007001 afterwards, also when the first order failed), so an
order whose answer was lost may be sent again under its own id.
"""

from collections.abc import Mapping
from typing import Any, Self

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    encode_basic_auth,
)
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.rewards.providers import Airtime, NotACallback, Order
from services.rewards.providers.dtone_codes import (
    COMPLETED,
    ERRORS,
    FAILED,
    HOPELESS,
    REVERSED,
    UNDER_WAY,
    Meaning,
)
from services.rewards.rules.outcomes import (
    Accepted,
    Held,
    NotFound,
    Outcome,
    Paid,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)


class _Class(BaseModel):
    id: int


class _Status(BaseModel):
    message: str = Field(max_length=100)
    klass: _Class = Field(alias="class")


class _Product(BaseModel):
    id: int


class _Transaction(BaseModel):
    id: int
    external_id: str
    status: _Status
    product: _Product


class _Error(BaseModel):
    code: int


class _Errors(BaseModel):
    errors: list[_Error] = Field(min_length=1)


class _Report(BaseModel):
    external_id: str = Field(pattern=r"^[A-Za-z0-9]{8,40}$")


_FOUND = TypeAdapter(list[_Transaction])


class DtOne(Airtime):
    """One account at DT One, one fixed-value product."""

    name = "dtone"
    refuses_repeats = True

    def __init__(
        self, url: str, key: str, secret: str, product_id: int, callback: str, seconds: float = 20
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": encode_basic_auth(key, secret)}
        self._product_id, self._callback = product_id, callback
        self._timeout = ClientTimeout(total=seconds)
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        # A fresh connection for each call: on a kept one that the vendor has just closed, an order
        # would end as unknown for nothing.
        self._session = ClientSession(
            headers=self._headers,
            timeout=self._timeout,
            connector=TCPConnector(force_close=True),
            cookie_jar=DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def send(self, order: Order) -> Outcome:
        """Place the order. aiohttp repeats only idempotent methods by itself, so never a POST."""
        body = {
            "external_id": order.order_id,
            "product_id": self._product_id,
            "auto_confirm": True,
            "credit_party_identifier": {"mobile_number": order.phone},
            "callback_url": self._callback,
        }
        try:
            status, answer = await self._call("POST", "/async/transactions", json=body)
        except (ClientError, OSError, TimeoutError) as error:
            return _undelivered(error)
        return self._read_order(order, status, answer)

    async def ask(self, order_id: str) -> Outcome:
        """Look the order up by our id."""
        try:
            status, answer = await self._call(
                "GET", "/transactions", params={"external_id": order_id}
            )
        except (ClientError, OSError, TimeoutError) as error:
            return Unknown(type(error).__name__)
        if status != 200:
            return Unknown(f"http_{status}")
        return self._read_list(order_id, answer)

    def read_callback(self, body: bytes) -> str:
        """A report is a whole transaction; only its `external_id` is believed."""
        try:
            return _Report.model_validate_json(body).external_id
        except ValidationError:
            raise NotACallback("not a transaction with an external_id of ours") from None

    async def _call(self, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("the vendor is used outside its context")
        async with self._session.request(
            method, f"{self._url}{path}", allow_redirects=False, **options
        ) as response:
            return response.status, await response.read()

    def _read_order(self, order: Order, status: int, answer: bytes) -> Outcome:
        try:
            if 200 <= status < 300:
                return self._judge(order.order_id, _Transaction.model_validate_json(answer))
            codes = {str(error.code) for error in _Errors.model_validate_json(answer).errors}
        except ValidationError:
            return Unknown(f"http_{status}_unreadable")
        return _refusal(codes.pop()) if len(codes) == 1 else Unknown("several_errors")

    def _read_list(self, order_id: str, answer: bytes) -> Outcome:
        try:
            found = _FOUND.validate_json(answer)
        except ValidationError:
            return Unknown("unreadable")
        if not found:
            return NotFound()
        return self._judge(order_id, found[0]) if len(found) == 1 else Unknown("several_found")

    def _judge(self, order_id: str, found: _Transaction) -> Outcome:
        if (found.external_id, found.product.id) != (order_id, self._product_id):
            return Unknown("another_order")
        ref, code, kind = str(found.id), found.status.message, found.status.klass.id
        if kind in FAILED:
            return Rejected(code, retriable=code not in HOPELESS)
        known: Mapping[int, Outcome] = {COMPLETED: Paid(ref, code), REVERSED: Reversed(ref, code)}
        known = {**known, **dict.fromkeys(UNDER_WAY, Accepted(ref, code))}
        return known.get(kind, Unknown(f"class_{kind}"))


def _refusal(code: str) -> Outcome:
    meanings: Mapping[Meaning, Outcome] = {
        "final": Rejected(code, retriable=False),
        "retry": Rejected(code, retriable=True),
        "later": TryLater(code),
        "held": Held(code),
        "unknown": Unknown(code),
    }
    return meanings[ERRORS.get(code, "unknown")]


def _undelivered(error: Exception) -> Outcome:
    # Only a refused connection proves that not a byte left.
    if isinstance(error, ClientConnectorError) and isinstance(
        error.os_error, ConnectionRefusedError
    ):
        return TryLater("connection_refused")
    return Unknown(type(error).__name__)
