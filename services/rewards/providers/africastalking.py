"""Africa's Talking: POST /version1/airtime/send, GET /query/transaction/find.

[D] its documentation, [C] public code, [M] memory. Twenty of what is the account's own matter: a
product is an amount with its currency (`20.00=CNY 20.00`), asked for in so many words; the policy's
amounts are meant in that currency.

It goes by ids of its own: an order whose answer was lost cannot be asked about by ours, and the key
by which it refuses a repetition holds for minutes only ("within a given period of time" [D]). So
such an order is never sent again; its statements, in which the key must stand, answer for it.

We ask for no retries of theirs (`maxNumRetry`), which would go on for hours. Reports are unsigned
and name no id but theirs.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from services.rewards.providers.africastalking_codes import (
    ABSENT,
    FAILED,
    MESSAGES,
    NOTHING_WRONG,
    REFUSED,
    SUCCESS,
    UNDER_WAY,
    WRONG_NUMBERS,
    Meaning,
)
from services.rewards.providers.africastalking_statement import layout
from services.rewards.providers.protocol import (
    UNASKABLE,
    Airtime,
    AirtimeSettings,
    Listed,
    Statement,
)
from services.rewards.providers.statement_layout import read as read_day
from services.rewards.rules.orders import Order
from shared.values.money import parse_yuan
from shared.vendors.client import FORM, Answer
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
from shared.vendors.vendor import NotAReport, Reply, Terms

NOT_BEFORE = timedelta(seconds=5)


class Settings(AirtimeSettings, env_prefix="MASHANG_AFRICASTALKING_"):
    """One account, and what to ask for by amount."""

    username: str = Field(min_length=1)
    api_key: SecretStr = Field(min_length=1)
    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")


class _Camel(BaseModel, alias_generator=to_camel):
    """Names as they write them."""


class _Sent(_Camel):
    """What became of one recipient."""

    status: str = Field(max_length=50)
    request_id: str = Field(max_length=64)
    amount: str = Field(default="", max_length=50)
    error_message: str = Field(default="", max_length=200)


class _Sending(_Camel):
    error_message: str = Field(default="", max_length=200)
    responses: list[_Sent] = []


class _Data(_Camel):
    request_id: str = Field(validation_alias=AliasChoices("requestId", "transactionId"))
    status: str = Field(max_length=50)
    amount: str = Field(validation_alias=AliasChoices("amount", "value"), max_length=50)


class _Found(_Camel):
    """The answer to a question; under which name the transaction stands differs by source [C]."""

    error_message: str = Field(default="", max_length=200)
    data: _Data | None = Field(
        default=None, validation_alias=AliasChoices("data", "transactionData")
    )


class _Report(_Camel):
    request_id: str = Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")


class AfricasTalking(Airtime):
    """One application at Africa's Talking."""

    name: ClassVar[str] = "africastalking"
    settings: ClassVar[type[AirtimeSettings]] = Settings
    reply: ClassVar[Reply] = Reply("OK", "text/plain")
    refuses_repeats: ClassVar[bool] = False
    wrong_numbers: ClassVar[frozenset[str]] = WRONG_NUMBERS
    by_own_id: ClassVar[bool] = True

    def __init__(self, settings: Settings, terms: Terms) -> None:
        headers = {"apiKey": settings.api_key.get_secret_value(), "Accept": "application/json"}
        super().__init__(settings, terms, headers)
        self._username, self._currency = settings.username, settings.currency

    async def send(self, order: Order, phone: str) -> Outcome:
        """One recipient a call, under the order's id as the key."""
        if (await self.look_up(order.product)).amount_fen != order.amount_fen:
            return Held("no_such_amount")
        recipients = json.dumps([{"phoneNumber": phone, "amount": order.product}])
        form = {"username": self._username, "recipients": recipients}
        answer = await self.client.call(
            "POST",
            "/version1/airtime/send",
            headers=FORM | {"Idempotency-Key": order.order_id},
            data=urlencode(form).encode(),
        )
        return self._read_sent(order, answer) if isinstance(answer, Answer) else answer

    async def ask(self, order: Order) -> Outcome:
        """By their id, or not at all."""
        if order.ref is None:
            return UNASKABLE
        query = {"username": self._username, "transactionId": order.ref}
        answer = await self.client.call("GET", "/query/transaction/find", query=query)
        return self._read_found(order, answer) if isinstance(answer, Answer) else answer

    async def look_up(self, product: str) -> Listed:
        """They have no list: what is asked for says itself how much it is."""
        fen = self._fen(product)
        return Listed(fen, product) if fen else Listed(None, "nothing")

    def read_report(self, body: bytes) -> list[str]:
        """A form [C], or the same as JSON [D]; only their id is believed."""
        try:
            if body.lstrip().startswith(b"{"):
                return [_Report.model_validate_json(body).request_id]
            form = dict(parse_qsl(body.decode("ascii"), strict_parsing=True))
            return [_Report.model_validate(form).request_id]
        except ValueError:
            raise NotAReport("no request id of theirs") from None

    @staticmethod
    def read_statement(raw: bytes, day: date | None) -> Statement:
        """A day's export of their dashboard."""
        return read_day(raw, day, layout())

    def _read_sent(self, order: Order, answer: Answer) -> Outcome:
        try:
            told = _Sending.model_validate_json(answer.body)
        except ValidationError:
            return _in_words(answer)
        if not 200 <= answer.status < 300 or len(told.responses) > 1:
            return Unknown(f"http_{answer.status}")
        if not told.responses:
            return _refusal(told.error_message)
        [sent] = told.responses
        if sent.status not in (*UNDER_WAY, SUCCESS):
            return _refusal(sent.error_message, sent.status)
        if self._fen(sent.amount) != order.amount_fen:
            return Unknown("another_amount")
        done = sent.status == SUCCESS
        return (Done if done else Accepted)(sent.request_id, sent.status)

    def _read_found(self, order: Order, answer: Answer) -> Outcome:
        try:
            told = _Found.model_validate_json(answer.body)
        except ValidationError:
            return Unknown(f"http_{answer.status}_unreadable")
        if told.data is None:
            absent = told.error_message.strip().lower() in ABSENT
            return NotFound() if absent else Unknown(told.error_message or "unreadable")
        if answer.status != 200:
            return Unknown(f"http_{answer.status}")
        if told.data.request_id != order.ref or self._fen(told.data.amount) != order.amount_fen:
            return Unknown("another_order")
        return _judge(order, told.data.status)

    def _fen(self, amount: str) -> int | None:
        """`CNY 20.0000` as hundredths of the account's currency."""
        currency, _, number = amount.partition(" ")
        try:
            hundredths = parse_yuan(number)
        except ValueError:
            return None
        return hundredths if currency == self._currency else None


def _judge(order: Order, status: str) -> Outcome:
    """They do not say why something failed."""
    if status in UNDER_WAY:
        return Accepted(order.ref, status)
    if status == SUCCESS:
        return Done(order.ref, status)
    if status != FAILED:
        return Unknown(f"status_{status}")
    return Reversed(order.ref, status) if order.paid else Rejected(status, retriable=True)


def _refusal(message: str, status: str = "") -> Outcome:
    words = message.strip().lower()
    if words in ("", NOTHING_WRONG):
        meaning, code = REFUSED.get(status, "unknown"), status or "no_answer"
    else:
        meaning, code = MESSAGES.get(words, "unknown"), message.strip()
    return _meanings(code)[meaning]


def _in_words(answer: Answer) -> Outcome:
    """A refused log-in is answered in plain words [C]."""
    words = answer.body.decode("utf-8", "replace").strip()[:200]
    if words.lower() not in MESSAGES:
        return Unknown(f"http_{answer.status}_unreadable")
    return _refusal(words)


def _meanings(code: str) -> Mapping[Meaning, Outcome]:
    return {
        "final": Rejected(code, retriable=False),
        "retry": Rejected(code, retriable=True),
        "later": TryLater(code, NOT_BEFORE),
        "held": Held(code),
        "unknown": Unknown(code),
    }
