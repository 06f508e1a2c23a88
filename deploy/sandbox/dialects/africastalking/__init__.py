"""Africa's Talking under /africastalking: an airtime dialect.

The order, its answer, the key that makes a repetition one request for some minutes, and the report
come from its documentation [D] and public code [C]; the question after a transaction is known by
its path alone [C]. That it serves numbers of the mainland is this sandbox's own.
"""

from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.africastalking import life, routes
from deploy.sandbox.dialects.africastalking.account import NAME, Account
from deploy.sandbox.dialects.africastalking.customer import AfricasTalkingCustomer
from deploy.sandbox.statement import Layout

AFRICASTALKING = Dialect(
    name=NAME,
    kind="airtime",
    account=Account,
    url="/africastalking",
    secrets=("api_key",),
    values={"username": "sandbox", "products": "20.00=CNY 20.00"},
    routes=routes.routes,
    check=routes.check,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(60, 300, 600),  # [M]
    is_taken=lambda status, body: 200 <= status < 300,  # [M]
    customer=AfricasTalkingCustomer(),
    order="/airtime/send",
    reasons=False,
    layout=Layout(
        {
            "transaction_id": "Request ID",
            "external_id": "Idempotency Key",
            "time": "Date",
            "status": "Status",
            "product_id": "Value",
            "mobile_number": "Phone Number",
            "amount": "Amount",
            "currency": "Currency",
        },
        {
            "COMPLETED": "Success",
            "REVERSED": "Reversed",
            "OPENING": "Opening Balance",
            "CLOSING": "Closing Balance",
        },
        own_id=life.own_id,
    ),
)
