"""DT One DVS: POST /async/transactions, GET /transactions?external_id=, GET /products/{id},
GET /lookup/mobile-number/{e164}.

Its callbacks are unsigned.

The vendor takes an `external_id` once (1007001 afterwards, also when the first order failed), so an
order whose answer was lost may be sent again under its own id. Its statements are in
`dtone_statement`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Self
from urllib.parse import quote

from aiohttp import encode_basic_auth
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from services.rewards.providers.dtone_codes import (
    ABSENT,
    COMPLETED,
    ERRORS,
    FAILED,
    FIXED,
    HOPELESS,
    REVERSED,
    UNDER_WAY,
    WRONG_NUMBERS,
    Meaning,
)
from services.rewards.providers.dtone_statement import LAYOUT
from services.rewards.providers.protocol import (
    Airtime,
    Amount,
    Listed,
    Products,
    Statement,
    products,
)
from services.rewards.providers.statement_layout import read
from services.rewards.rules.orders import Order
from shared.values.money import parse_yuan
from shared.vendors import reports, vendor
from shared.vendors.client import Answer, Client
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport, Terms, VendorSettings

NOT_BEFORE = timedelta(seconds=5)


class Settings(VendorSettings, env_prefix="MASHANG_DTONE_"):
    """One account, and its fixed-value products by amount: `20.00=6020`."""

    key: SecretStr = Field(min_length=1)
    secret: SecretStr = Field(min_length=1)
    products: Products


class _Class(BaseModel):
    id: int


class _Status(BaseModel):
    message: str = Field(max_length=100)
    klass: _Class = Field(alias="class")


class _Product(BaseModel):
    id: int


class _Amount(BaseModel):
    amount: Amount
    unit: str = Field(max_length=10)


class _Offer(BaseModel):
    """A product of fixed value; what the phone gets is its destination."""

    id: int
    type: str = Field(max_length=50)
    destination: _Amount


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
    """One account at DT One."""

    name: ClassVar[str] = "dtone"
    refuses_repeats: ClassVar[bool] = True
    hands_out: ClassVar[bool] = True
    wrong_numbers: ClassVar[frozenset[str]] = WRONG_NUMBERS

    def __init__(self, settings: Settings, terms: Terms) -> None:
        log_in = encode_basic_auth(
            settings.key.get_secret_value(), settings.secret.get_secret_value()
        )
        url = str(settings.url).rstrip("/")
        super().__init__(
            Client(url, terms.seconds, {"Authorization": log_in}), settings.report_secret
        )
        self.products = products(settings.products)
        self._report_to = reports.address(terms.reports, self.name, self.report_secret)

    @classmethod
    def make(cls, terms: Terms) -> Self:
        """With the settings MASHANG_DTONE_…."""
        return cls(vendor.settings(Settings), terms)

    async def send(self, order: Order, phone: str) -> Outcome:
        """POST /async/transactions."""
        body = {
            "external_id": order.order_id,
            "product_id": int(order.product),
            "auto_confirm": True,
            "credit_party_identifier": {"mobile_number": phone},
            "callback_url": self._report_to,
        }
        answer = await self.client.call("POST", "/async/transactions", json=body)
        return self._read_order(order, answer) if isinstance(answer, Answer) else answer

    async def ask(self, order: Order) -> Outcome:
        """Look the order up by our id."""
        query = {"external_id": order.order_id}
        answer = await self.client.call("GET", "/transactions", query=query)
        if not isinstance(answer, Answer):
            return answer
        if answer.status != 200:
            return Unknown(f"http_{answer.status}")
        return self._read_list(order, answer.body)

    async def look_up(self, product: str) -> Listed | TryLater | Unknown:
        """GET /products/{id}."""
        answer = await self.client.call("GET", f"/products/{quote(product, safe='')}")
        return _listed(product, answer) if isinstance(answer, Answer) else answer

    async def check(self, phone: str) -> Rejected | TryLater | Unknown | None:
        """GET /lookup/mobile-number/{e164} [C]: operators, or an error that names the number."""
        answer = await self.client.call("GET", f"/lookup/mobile-number/{quote(phone, safe='')}")
        return _checked(answer) if isinstance(answer, Answer) else TryLater(answer.code, NOT_BEFORE)

    async def fetch_statement(self, day: date) -> bytes | None:
        """GET /statements?day= [M]: an account without it is answered 404, and takes in files."""
        answer = await self.client.call("GET", "/statements", query={"day": day.isoformat()})
        if not isinstance(answer, Answer) or answer.status != 200:
            return None
        return answer.body

    def read_report(self, body: bytes) -> list[str]:
        """A report is a whole transaction; only its `external_id` is believed."""
        try:
            return [_Report.model_validate_json(body).external_id]
        except ValidationError:
            raise NotAReport("not a transaction with an external_id of ours") from None

    def _read_order(self, order: Order, answer: Answer) -> Outcome:
        try:
            if 200 <= answer.status < 300:
                return self._judge(order, _Transaction.model_validate_json(answer.body))
            codes = {str(error.code) for error in _Errors.model_validate_json(answer.body).errors}
        except ValidationError:
            return Unknown(f"http_{answer.status}_unreadable")
        return _refusal(codes.pop()) if len(codes) == 1 else Unknown("several_errors")

    def _read_list(self, order: Order, answer: bytes) -> Outcome:
        try:
            found = _FOUND.validate_json(answer)
        except ValidationError:
            return Unknown("unreadable")
        if not found:
            return NotFound()
        return self._judge(order, found[0]) if len(found) == 1 else Unknown("several_found")

    @staticmethod
    def read_statement(raw: bytes, day: date | None) -> Statement:
        """The daily CSV of what was paid and taken back."""
        return read(raw, day, LAYOUT)

    @staticmethod
    def _judge(order: Order, found: _Transaction) -> Outcome:
        # Orders of before do not know their product.
        if found.external_id != order.order_id or order.product not in ("", str(found.product.id)):
            return Unknown("another_order")
        ref, code, kind = str(found.id), found.status.message, found.status.klass.id
        if kind in FAILED:
            return Rejected(code, retriable=code not in HOPELESS)
        known: Mapping[int, Outcome] = {COMPLETED: Done(ref, code), REVERSED: Reversed(ref, code)}
        known = {**known, **dict.fromkeys(UNDER_WAY, Accepted(ref, code))}
        return known.get(kind, Unknown(f"class_{kind}"))


def _listed(product: str, answer: Answer) -> Listed | Unknown:
    try:
        if answer.status == 200:
            return _offered(product, _Offer.model_validate_json(answer.body))
        [error] = _Errors.model_validate_json(answer.body).errors
    except ValueError:
        return Unknown(f"http_{answer.status}")
    code = str(error.code)
    return Listed(None, "nothing") if code in ABSENT else Unknown(code)


def _offered(product: str, offer: _Offer) -> Listed:
    amount, unit = offer.destination.amount, offer.destination.unit
    ours = (str(offer.id), offer.type, unit) == (product, FIXED, "CNY")
    fen = parse_yuan(str(amount)) if ours else None
    return Listed(fen, f"{amount} {unit} ({offer.type}, {offer.id})")


def _checked(answer: Answer) -> Rejected | TryLater | Unknown | None:
    if answer.status == 200:
        return None
    try:
        [error] = _Errors.model_validate_json(answer.body).errors
        code = str(error.code)
    except ValueError:
        code = f"http_{answer.status}"
    if code in WRONG_NUMBERS:
        return Rejected(code, retriable=False)
    passing = ERRORS.get(code) in ("later", "retry") or answer.status >= 500
    return TryLater(code, NOT_BEFORE) if passing else Unknown(code)


def _refusal(code: str) -> Outcome:
    meanings: Mapping[Meaning, Outcome] = {
        "final": Rejected(code, retriable=False),
        "retry": Rejected(code, retriable=True),
        "later": TryLater(code, NOT_BEFORE),
        "held": Held(code),
        "unknown": Unknown(code),
    }
    return meanings[ERRORS.get(code, "unknown")]
