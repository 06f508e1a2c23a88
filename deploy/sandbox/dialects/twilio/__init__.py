"""Twilio's API 2010-04-01 under /twilio/: an SMS dialect.

Basic authentication, forms in and JSON out [D]. It takes no reference of the customer's, and the
same message twice is two. What it brings is signed [D].
"""

from deploy.sandbox import texts
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.twilio import life, routes
from deploy.sandbox.dialects.twilio.account import NAME, Account
from deploy.sandbox.dialects.twilio.customer import TwilioCustomer

TWILIO = Dialect(
    name=NAME,
    kind="sms",
    account=Account,
    url="/twilio",
    secrets=("account_sid", "auth_token"),
    # Nothing is registered: the text itself is sent.
    values={"sender": "+15005550006", "templates": texts.as_value(texts.TEXTS)},
    registers=False,
    routes=routes.routes,
    check=routes.check_login,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(),  # one fallback address at most, and none again [M]
    is_taken=lambda status, body: 200 <= status < 300,
    customer=TwilioCustomer(),
    heard=life.heard,
)
