"""Juhe 话费充值: telcheck, yue, onlineorder, ordersta; mainland numbers only.

From copies of 2014–2021 of its documentation and public code [C]; what is marked [M], and most
codes of `juhe_codes`, must be verified before going live. All calls are forms by POST.

An order is three calls. `telcheck` says whether the number gets this amount, `yue` whether the
wallet has it: neither orders anything, so what they refuse is certainly not done. Then comes
`onlineorder`, of which anything but error_code 0 proves nothing (their documentation warns to ask
and not to take it for a failure), so it is Unknown and asked about by `ordersta`. That an order id
is taken once stands nowhere, so an order that they do not know is never sent again.

Requests and reports are signed by md5 in lower case. A report's signature does not cover its state.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from hmac import compare_digest
from time import time
from typing import ClassVar
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from services.rewards.providers.juhe_answers import (
    Placed,
    Purse,
    Said,
    State,
    judge,
    read,
    read_report,
    result,
    signature,
)
from services.rewards.providers.juhe_codes import (
    ABSENT,
    BEFORE,
    DENOMINATIONS,
    LEAST_PRICE,
    MOST_PRICE,
    OK,
    WRONG_NUMBERS,
)
from services.rewards.providers.juhe_statement import LAYOUT
from services.rewards.providers.protocol import Airtime, AirtimeSettings, Listed, Statement
from services.rewards.providers.statement_layout import read as read_day
from services.rewards.rules.numbers import Word
from services.rewards.rules.orders import Order
from shared.vendors.client import FORM
from shared.vendors.outcomes import Held, NotFound, Outcome, Rejected, TryLater, Unknown
from shared.vendors.vendor import NotAReport, Reply, Secrets, Terms, several

NOT_BEFORE = timedelta(seconds=5)
CHINA, DIGITS = "+86", 11
ABROAD = Rejected("not_of_the_mainland", retriable=False)


class Settings(AirtimeSettings, env_prefix="MASHANG_JUHE_"):
    """One account. Its products are denominations in yuan: `20.00=20`."""

    key: Secrets
    openid: SecretStr = Field(min_length=1)


class Juhe(Airtime):
    """One account at Juhe."""

    name: ClassVar[str] = "juhe"
    settings: ClassVar[type[AirtimeSettings]] = Settings
    reply: ClassVar[Reply] = Reply("success", "text/plain")
    refuses_repeats: ClassVar[bool] = False
    wrong_numbers: ClassVar[frozenset[str]] = WRONG_NUMBERS

    def __init__(self, settings: Settings, terms: Terms) -> None:
        # Half of the time for the questions, half for the order: together they end in time.
        self._seconds = terms.seconds / 2
        super().__init__(settings, replace(terms, seconds=self._seconds))
        self._keys = several(settings.key)
        self._key = self._keys[0]
        self._openid = settings.openid.get_secret_value()

    async def send(self, order: Order, phone: str) -> Outcome:
        """Ask whether it may be, and then order."""
        number = _national(phone)
        if number is None:
            return ABROAD
        if (await self.look_up(order.product)).amount_fen != order.amount_fen:
            return Held("no_such_denomination")
        try:
            async with asyncio.timeout(self._seconds):
                refused = await self._refuse(order, number)
        except TimeoutError:
            refused = TryLater("slow", NOT_BEFORE)
        return refused or await self._place(order, number)

    async def ask(self, order: Order) -> Outcome:
        """By our id."""
        said = await self._call("/ordersta", orderid=order.order_id)
        if not isinstance(said, Said):
            return said
        if said.error_code != OK:
            return NotFound() if said.error_code in ABSENT else Unknown(said.error_code)
        state = result(State, said)
        if state is None:
            return Unknown("unreadable")
        share = state.uordercash * 10_000 / order.amount_fen
        if not LEAST_PRICE <= share <= MOST_PRICE:
            return Unknown("another_price")
        return judge(order, state.sporder_id, state.game_state)

    async def look_up(self, product: str) -> Listed:
        """They have no list: which denominations there are is known."""
        if product not in DENOMINATIONS:
            return Listed(None, "nothing")
        return Listed(int(product) * 100, f"{product} CNY")

    async def check(self, phone: str) -> Word:
        """`telcheck` of the cheapest that we sell: ported numbers are checked by them, too."""
        number = _national(phone)
        if number is None:
            return ABROAD
        least = min(self.products, key=self.products.__getitem__)
        said = await self._before("/telcheck", phoneno=number, cardnum=least)
        match said:
            case Said():
                return None
            case TryLater():
                return said
            case Rejected(code) if code in WRONG_NUMBERS:
                return said
        return Unknown(said.code)

    def has_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """By the key over both ids, or by one of before."""
        try:
            report = read_report(body)
        except NotAReport:
            return False
        wanted = [signature(key, report.sporder_id, report.orderid) for key in self._keys]
        return any(compare_digest(one.encode(), report.sign.encode()) for one in wanted)

    def read_report(self, body: bytes) -> list[str]:
        """Only our id is believed."""
        return [read_report(body).orderid]

    @staticmethod
    def read_statement(raw: bytes, day: date | None) -> Statement:
        """A day's export of their back office."""
        return read_day(raw, day, LAYOUT)

    async def _refuse(self, order: Order, number: str) -> Outcome | None:
        """What speaks against the order before it is made."""
        allowed = await self._before("/telcheck", phoneno=number, cardnum=order.product)
        if not isinstance(allowed, Said):
            return allowed
        now = str(int(time()))
        sign = signature(self._openid, self._key, now)
        said = await self._before("/yue", timestamp=now, sign=sign)
        if not isinstance(said, Said):
            return said
        purse = result(Purse, said)
        if purse is None:
            return TryLater("balance_unreadable", NOT_BEFORE)
        return Held("balance_too_low") if purse.money * 100 < order.amount_fen else None

    async def _before(self, path: str, **form: str) -> Said | Outcome:
        """A call that orders nothing, so whatever goes wrong is certain."""
        said = await self._call(path, **form)
        if not isinstance(said, Said):
            return TryLater(said.code, NOT_BEFORE)
        code = said.error_code
        if code == OK:
            return said
        known: Mapping[str, Outcome] = {
            "final": Rejected(code, retriable=False),
            "later": TryLater(code, NOT_BEFORE),
            "held": Held(code),
        }
        return known.get(BEFORE.get(code, ""), Rejected(code, retriable=True))

    async def _place(self, order: Order, number: str) -> Outcome:
        form = {"phoneno": number, "cardnum": order.product, "orderid": order.order_id}
        sign = signature(self._openid, self._key, *form.values())
        said = await self._call("/onlineorder", **form, sign=sign)
        if not isinstance(said, Said):
            return said
        if said.error_code != OK:
            return Unknown(said.error_code)
        placed = result(Placed, said)
        if placed is None:
            return Unknown("unreadable")
        if placed.uorderid != order.order_id:
            return Unknown("another_order")
        return judge(order, placed.sporder_id, placed.game_state)

    async def _call(self, path: str, **form: str) -> Said | TryLater | Unknown:
        data = urlencode({**form, "key": self._key}).encode()
        return read(await self.client.call("POST", path, headers=FORM, data=data))


def _national(phone: str) -> str | None:
    number = phone.removeprefix(CHINA)
    return number if phone.startswith(CHINA) and len(number) == DIGITS else None
