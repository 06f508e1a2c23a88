"""For tests: a customer of Juhe, written apart from the server's own code."""

from hashlib import md5
from typing import Any
from urllib.parse import parse_qs, urlencode

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

BASE = "/juhe/ofpay/mobile"
KEY, OPENID = secret(SEED, "juhe", "key"), secret(SEED, "juhe", "openid")


async def call(client: Caller, path: str, **form: str) -> tuple[int, Any]:
    """A form by POST; the right key, unless another is given."""
    return await client.call("POST", f"{BASE}/{path}", data={"key": KEY, **form})


async def order(client: Caller, reference: str, phone: str, **fields: str) -> tuple[int, Any]:
    """Twenty yuan, signed; `fields` change the form after that."""
    phone = phone.removeprefix("+86")
    sign = md5(f"{OPENID}{KEY}{phone}20{reference}".encode(), usedforsecurity=False).hexdigest()
    form = {"phoneno": phone, "cardnum": "20", "orderid": reference, "sign": sign}
    return await call(client, "onlineorder", **form | fields)


class JuheCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """An order of 20 yuan; where it is reported is a setting of the account."""
        return await order(client, reference, phone)

    def report(self, reference: str) -> Any:
        """A form, signed: cancelled."""
        sign = md5(f"{KEY}7{reference}".encode(), usedforsecurity=False).hexdigest()
        return urlencode({"sporder_id": "7", "orderid": reference, "sta": "9", "sign": sign})

    def told(self, body: Any) -> tuple[str, str]:
        """`orderid` and `sta`."""
        form = parse_qs(str(body), strict_parsing=True)
        return form["orderid"][0], form["sta"][0]
