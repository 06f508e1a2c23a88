"""Reloadly under /reloadly: an airtime dialect, its log-in under the same.

Paths and bodies from its documentation [D], statuses, errors, reports and the webhook's signature
from public code [C]. PROCESSING is from memory [M]; an order is under way until it settles.
"""

from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.reloadly import life, routes
from deploy.sandbox.dialects.reloadly.account import NAME, Account
from deploy.sandbox.dialects.reloadly.customer import ReloadlyCustomer
from deploy.sandbox.statement import Layout

RELOADLY = Dialect(
    name=NAME,
    kind="airtime",
    account=Account,
    url="/reloadly",
    secrets=("client_id", "client_secret", "webhook_secret"),
    values={"products": "20.00=441/442/443"},
    routes=routes.routes,
    check=routes.check,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(1, 5, 30, 120, 600),  # [M]
    is_taken=lambda status, body: 200 <= status < 300,  # [M]
    customer=ReloadlyCustomer(),
    order="/topups-async",
    log_in=("client_id", "client_secret"),
    signs=True,
    urls={"auth_url": "/reloadly"},
    layout=Layout(
        {
            "transaction_id": "Transaction ID",
            "external_id": "Custom Identifier",
            "time": "Transaction Date",
            "status": "Status",
            "product_id": "Operator ID",
            "mobile_number": "Recipient Phone",
            "amount": "Delivered Amount",
            "currency": "Delivered Currency",
        },
        {"COMPLETED": "SUCCESSFUL", "REVERSED": "REFUNDED"},
    ),
)
