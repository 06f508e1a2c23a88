"""For tests: a customer of Reloadly, written apart from the server's own code."""

import json
from typing import Any

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

BASE = "/reloadly"
LOG_IN = {
    "client_id": secret(SEED, "reloadly", "client_id"),
    "client_secret": secret(SEED, "reloadly", "client_secret"),
    "grant_type": "client_credentials",
    "audience": "https://topups.reloadly.com",
}


async def token(client: Caller, **changes: str) -> tuple[int, Any]:
    """A token; `changes` to the log-in."""
    return await client.call("POST", f"{BASE}/oauth/token", json=LOG_IN | changes)


async def call(client: Caller, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """A call with a token of its own."""
    _, made = await token(client)
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    return await client.call(method, f"{BASE}{path}", headers=headers, **options)


async def order(client: Caller, reference: str, phone: str, **fields: Any) -> tuple[int, Any]:
    """Twenty yuan; `fields` change the body."""
    body: dict[str, Any] = {
        "operatorId": 441,
        "amount": 20,
        "useLocalAmount": True,
        "customIdentifier": reference,
        "recipientPhone": {"countryCode": "CN", "number": phone},
    }
    return await call(client, "POST", "/topups-async", json=body | fields)


class ReloadlyCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """An order of 20 yuan; where it is reported is a setting of the account."""
        return await order(client, reference, phone)

    def report(self, reference: str) -> Any:
        """A webhook: failed."""
        data = {"transactionId": 7, "customIdentifier": reference, "status": "FAILED"}
        return {"type": "airtime_transaction.status", "data": data}

    def told(self, body: Any) -> tuple[str, str]:
        """`customIdentifier` and the status."""
        data = (json.loads(body) if isinstance(body, str | bytes) else body)["data"]
        return data["customIdentifier"], data["status"]
