"""DT One DVS under /dtone/v1: the airtime dialect.

Paths, fields, statuses, error codes and the customer's id being taken once are the vendor's [D],
the shape of products comes from public code [C]. Basic authentication [D]. An order is answered
CONFIRMED and settles later; callbacks are not signed [D].
"""

from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.dtone import life, routes
from deploy.sandbox.dialects.dtone.account import NAME, Account
from deploy.sandbox.dialects.dtone.customer import DtOneCustomer

DTONE = Dialect(
    name=NAME,
    kind="airtime",
    account=Account,
    url="/dtone/v1",
    secrets=("key", "secret"),
    values={"products": "20.00=6020/6021/6022"},
    routes=routes.routes,
    check=routes.check_key,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(1, 5, 30, 120, 600),  # "several times" [D], the spacing is a guess [M]
    is_taken=lambda status, body: 200 <= status < 300,  # [D]
    customer=DtOneCustomer(),
    order="/async/",
)
