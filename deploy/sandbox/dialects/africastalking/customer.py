"""For tests: a customer of Africa's Talking, written apart from the server's own code."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

BASE = "/africastalking"
KEY = {"apiKey": secret(SEED, "africastalking", "api_key")}


async def call(client: Caller, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """A call with the right key."""
    headers = KEY | options.pop("headers", {})
    return await client.call(method, f"{BASE}{path}", headers=headers, **options)


async def order(
    client: Caller, reference: str, phone: str, amount: str = "CNY 20.00", **fields: str
) -> tuple[int, Any]:
    """Airtime of 20 yuan; `fields` change the form."""
    recipients = json.dumps([{"phoneNumber": phone, "amount": amount}])
    form = {"username": "sandbox", "recipients": recipients, **fields}
    headers = {"Idempotency-Key": reference} if reference else {}
    return await call(client, "POST", "/version1/airtime/send", data=form, headers=headers)


class AfricasTalkingCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """An order of 20 yuan; where it is reported is a setting of the account."""
        return await order(client, reference, phone)

    def report(self, reference: str) -> Any:
        """A form: failed. It names no reference but the vendor's own."""
        return urlencode({"requestId": reference, "status": "Failed"})

    def told(self, body: Any) -> tuple[str, str]:
        """`requestId` and `status`."""
        form = parse_qs(str(body), strict_parsing=True)
        return form["requestId"][0], form["status"][0]
