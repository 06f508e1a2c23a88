"""For tests: a customer of DT One, written apart from the server's own code."""

import base64
from typing import Any

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

BASE = "/dtone/v1"
KEY, SECRET = secret(SEED, "dtone", "key"), secret(SEED, "dtone", "secret")
LOG_IN = {"Authorization": f"Basic {base64.b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"}


async def call(client: Caller, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """A call with the right key."""
    return await client.call(method, f"{BASE}{path}", headers=LOG_IN, **options)


async def order(client: Caller, reference: str, phone: str, **fields: Any) -> tuple[int, Any]:
    """POST an order of 20 yuan, confirmed at once; `fields` change the body."""
    body = {"external_id": reference, "product_id": 6020, "auto_confirm": True, **fields}
    body.setdefault("credit_party_identifier", {"mobile_number": phone})
    return await call(client, "POST", "/async/transactions", json=body)


class DtOneCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """An order of 20 yuan."""
        return await order(client, reference, phone, callback_url=report_to)

    def report(self, reference: str) -> Any:
        """A transaction, declined."""
        status = {"message": "DECLINED", "class": {"id": 9, "message": "DECLINED"}}
        return {"id": 5, "external_id": reference, "status": status}

    def told(self, body: Any) -> tuple[str, str]:
        """`external_id`, and the status' name."""
        return body["external_id"], body["status"]["message"]
