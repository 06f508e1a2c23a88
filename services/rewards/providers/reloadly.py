"""Reloadly: a token, POST /topups-async, GET /topups/{id}/status, GET /topups/reports/transactions.

[D] its documentation, [C] public code. An order is so much local money at an operator, which is the
product. Their identifier is refused once an order with it was taken [C], but two that are under way
together are both carried out [C]: so an order that they do not know is not sent again, and of one
whose identifier was used they are asked; most had been paid.

Webhooks are signed by HMAC-SHA256 over the body and a header with the time [C].
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import quote

import phonenumbers
from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError

from services.rewards.providers import reloadly_answers as answers
from services.rewards.providers.protocol import Airtime, AirtimeSettings, Listed, Statement
from services.rewards.providers.reloadly_codes import WRONG_NUMBERS
from services.rewards.providers.reloadly_statement import LAYOUT, is_last, joined, listed
from services.rewards.providers.reloadly_token import Tokens
from services.rewards.providers.statement_layout import read as read_day
from services.rewards.providers.statement_layout import read_rows
from services.rewards.rules.numbers import Word
from services.rewards.rules.orders import Order
from shared.vendors.client import Answer, Client
from shared.vendors.outcomes import Accepted, Held, Outcome, Rejected, TryLater, Unknown
from shared.vendors.vendor import Secrets, Terms, several

MEDIA = "application/com.reloadly.topups-v1+json"
# Of a day's report; one that is longer is exported by hand.
PAGE, MOST_PAGES = 200, 500


class Settings(AirtimeSettings, env_prefix="MASHANG_RELOADLY_"):
    """One account; its products are operators.

    `webhook_secret` is the one of the dashboard's webhooks, not the account's.
    """

    auth_url: AnyHttpUrl = AnyHttpUrl("https://auth.reloadly.com")
    audience: str = "https://topups.reloadly.com"
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    webhook_secret: Secrets


class Reloadly(Airtime):
    """One account at Reloadly."""

    name: ClassVar[str] = "reloadly"
    settings: ClassVar[type[AirtimeSettings]] = Settings
    refuses_repeats: ClassVar[bool] = False
    hands_out: ClassVar[bool] = True
    by_network: ClassVar[bool] = True
    wrong_numbers: ClassVar[frozenset[str]] = WRONG_NUMBERS

    def __init__(self, settings: Settings, terms: Terms) -> None:
        # Half of the time for a token, half for the order: together they end in time.
        half = replace(terms, seconds=terms.seconds / 2)
        super().__init__(settings, half, {"Accept": MEDIA})
        self._auth = Client(str(settings.auth_url).rstrip("/"), half.seconds)
        self._tokens = Tokens(
            self._auth, settings.client_id, settings.client_secret, settings.audience
        )
        self._webhook_secrets = several(settings.webhook_secret)

    async def __aenter__(self) -> Self:
        await self._auth.__aenter__()
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self._auth.__aexit__(kind, error, trace)

    async def send(self, order: Order, phone: str) -> Outcome:
        """POST /topups-async; the state is asked for later."""
        country = _country(phone)
        if country is None:
            return Rejected("no_country", retriable=False)
        body = {
            "operatorId": order.product,
            "amount": order.amount_fen / 100,
            "useLocalAmount": True,
            "customIdentifier": order.order_id,
            "recipientPhone": {"countryCode": country, "number": phone},
        }
        answer = await self._call("POST", "/topups-async", json=body)
        if not isinstance(answer, Answer):
            return answer
        if not 200 <= answer.status < 300:
            return answers.refusal(answer)
        try:
            placed = answers.Placed.model_validate_json(answer.body)
        except ValidationError:
            return Unknown(f"http_{answer.status}_unreadable")
        return Accepted(str(placed.transaction_id), "accepted")

    async def ask(self, order: Order) -> Outcome:
        """By their id where it is known, else by ours."""
        if order.ref:
            answer = await self._call("GET", f"/topups/{quote(order.ref, safe='')}/status")
        else:
            query = {"customIdentifier": order.order_id}
            answer = await self._call("GET", "/topups/reports/transactions", query=query)
        if not isinstance(answer, Answer):
            return Unknown(answer.code) if isinstance(answer, Held) else answer
        read = answers.read_status if order.ref else answers.read_rows
        return read(order, answer)

    async def look_up(self, product: str) -> Listed | TryLater | Unknown:
        """GET /operators/{id}."""
        answer = await self._call("GET", f"/operators/{quote(product, safe='')}")
        if not isinstance(answer, Answer):
            return Unknown(answer.code) if isinstance(answer, Held) else answer
        return answers.read_operator(product, self.products.get(product), answer)

    async def check(self, phone: str) -> Word:
        """GET /operators/auto-detect/phone/{phone}/countries/{iso} [D]."""
        country = _country(phone)
        if country is None:
            return Rejected("no_country", retriable=False)
        path = f"/operators/auto-detect/phone/{quote(phone, safe='')}/countries/{country}"
        answer = await self._call("GET", path)
        if isinstance(answer, Unknown):
            return TryLater(answer.code, answers.LATER)
        return answers.read_detected(answer) if isinstance(answer, Answer) else answer

    def has_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """By the webhook's secret over the body, a colon and the time of the request."""
        at = headers.get("X-Reloadly-Request-Timestamp", "")
        signed = body + b":" + at.encode()
        given = headers.get("X-Reloadly-Signature", "").lower().encode()
        wanted = (hmac(one.encode(), signed, sha256).hexdigest() for one in self._webhook_secrets)
        return any(compare_digest(one.encode(), given) for one in wanted)

    def read_report(self, body: bytes) -> list[str]:
        """Only our identifier is believed."""
        return [answers.read_report(body)]

    async def fetch_statement(self, day: date) -> bytes | None:
        """GET /topups/reports/transactions of a day, all of its pages as one; no balances."""
        pages = list[bytes]()
        while len(pages) < MOST_PAGES:
            query = {
                "startDate": f"{day} 00:00:00", "endDate": f"{day} 23:59:59",
                "page": str(len(pages) + 1), "size": str(PAGE),
            }  # fmt: skip
            answer = await self._call("GET", "/topups/reports/transactions", query=query)
            if not isinstance(answer, Answer) or answer.status != 200:
                return None
            pages.append(answer.body)
            if is_last(answer.body, PAGE):
                return joined(pages)
        return None

    @staticmethod
    def read_statement(raw: bytes, day: date | None) -> Statement:
        """A day's export of their dashboard, or what their report told of it."""
        rows = listed(raw)
        return read_day(raw, day, LAYOUT) if rows is None else read_rows(rows, day, LAYOUT)

    async def _call(
        self, method: str, path: str, **sent: Any
    ) -> Answer | Held | TryLater | Unknown:
        token = await self._tokens.get()
        if not isinstance(token, str):
            return token
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.client.call(method, path, headers=headers, **sent)
        if isinstance(answer, Answer) and answer.status == 401:
            self._tokens.forget(token)
        return answer


def _country(phone: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None
