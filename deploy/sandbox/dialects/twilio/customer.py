"""For tests: a customer of Twilio, written apart from the server's own code."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import encode_basic_auth

from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, secret

SID, TOKEN = (secret(SEED, "twilio", field) for field in ("account_sid", "auth_token"))
SENDER, THANKS = "+15005550006", "Thank you."
PATH = f"/twilio/2010-04-01/Accounts/{SID}/Messages"


async def call(
    client: Caller, method: str, rest: str = ".json", *, token: str = TOKEN, **options: Any
) -> tuple[int, Any]:
    """Any call with the account's log-in."""
    headers = {"Authorization": encode_basic_auth(SID, token)}
    return await client.call(method, f"{PATH}{rest}", headers=headers, **options)


async def sms(client: Caller, phone: str, **fields: str) -> tuple[int, Any]:
    """A message."""
    form = {"To": phone, "From": SENDER, "Body": THANKS}
    return await call(client, "POST", data=form | fields)


class TwilioCustomer:
    """The same behind the words of every dialect."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """A message of thanks; the vendor takes no reference."""
        told = {} if report_to is None else {"StatusCallback": report_to}
        return await sms(client, f"+86{phone.removeprefix('+86')}", **told)

    def report(self, reference: str) -> Any:
        """A form: not arrived. The vendor calls it by its own id."""
        return urlencode({"MessageSid": reference, "MessageStatus": "undelivered", "To": "+86138"})

    def told(self, body: Any) -> tuple[str, str]:
        """`MessageSid` and `MessageStatus` of a form."""
        return body["MessageSid"], body["MessageStatus"]
