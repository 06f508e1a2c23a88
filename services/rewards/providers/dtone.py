"""DT One DVS: POST /async/transactions, GET /transactions?external_id=, GET /products/{id},
GET /lookup/mobile-number/{e164}.

Its callbacks are unsigned. A product is of one operator, and declined for a number of another [D].

The vendor takes an `external_id` once (1007001 afterwards, also when the first order failed), so an
order whose answer was lost may be sent again under its own id. Its statements are in
`dtone_statement`.
"""

from datetime import date
from typing import ClassVar
from urllib.parse import quote

from aiohttp import encode_basic_auth
from pydantic import Field, SecretStr

from services.rewards.providers import dtone_answers as answers
from services.rewards.providers.dtone_codes import WRONG_NUMBERS
from services.rewards.providers.dtone_statement import LAYOUT
from services.rewards.providers.protocol import Airtime, AirtimeSettings, Listed, Statement
from services.rewards.providers.statement_layout import read
from services.rewards.rules.numbers import Word
from services.rewards.rules.orders import Order
from shared.vendors import reports
from shared.vendors.client import Answer
from shared.vendors.outcomes import Outcome, TryLater, Unknown
from shared.vendors.vendor import Terms


class Settings(AirtimeSettings, env_prefix="MASHANG_DTONE_"):
    """The account's key; its products are of fixed value, each an operator's."""

    key: SecretStr = Field(min_length=1)
    secret: SecretStr = Field(min_length=1)


class DtOne(Airtime):
    """One account at DT One."""

    name: ClassVar[str] = "dtone"
    settings: ClassVar[type[AirtimeSettings]] = Settings
    refuses_repeats: ClassVar[bool] = True
    hands_out: ClassVar[bool] = True
    by_network: ClassVar[bool] = True
    wrong_numbers: ClassVar[frozenset[str]] = WRONG_NUMBERS

    def __init__(self, settings: Settings, terms: Terms) -> None:
        log_in = encode_basic_auth(
            settings.key.get_secret_value(), settings.secret.get_secret_value()
        )
        super().__init__(settings, terms, {"Authorization": log_in})
        self._report_to = reports.address(terms.reports, self.name, self.report_secret)

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
        return answers.read_order(order, answer) if isinstance(answer, Answer) else answer

    async def ask(self, order: Order) -> Outcome:
        """Look the order up by our id."""
        query = {"external_id": order.order_id}
        answer = await self.client.call("GET", "/transactions", query=query)
        return answers.read_list(order, answer) if isinstance(answer, Answer) else answer

    async def look_up(self, product: str) -> Listed | TryLater | Unknown:
        """GET /products/{id}."""
        answer = await self.client.call("GET", f"/products/{quote(product, safe='')}")
        return answers.read_product(product, answer) if isinstance(answer, Answer) else answer

    async def check(self, phone: str) -> Word:
        """GET /lookup/mobile-number/{e164} [D]: operators, or an error that names the number."""
        answer = await self.client.call("GET", f"/lookup/mobile-number/{quote(phone, safe='')}")
        if not isinstance(answer, Answer):
            return TryLater(answer.code, answers.NOT_BEFORE)
        return answers.read_operators(answer)

    async def fetch_statement(self, day: date) -> bytes | None:
        """GET /statements?day= [M]: an account without it is answered 404, and takes in files."""
        answer = await self.client.call("GET", "/statements", query={"day": day.isoformat()})
        if not isinstance(answer, Answer) or answer.status != 200:
            return None
        return answer.body

    def read_report(self, body: bytes) -> list[str]:
        """A report is a whole transaction; only its `external_id` is believed."""
        return [answers.read_report(body)]

    @staticmethod
    def read_statement(raw: bytes, day: date | None) -> Statement:
        """The daily CSV of what was paid and taken back."""
        return read(raw, day, LAYOUT)
