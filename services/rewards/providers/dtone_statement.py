"""How DT One writes its daily statement [M].

The layout is the sandbox's; verify it against the account's own exports before going live.
"""

from services.rewards.providers.statement_layout import Layout

COLUMNS = (
    "transaction_id", "external_id", "time", "status", "product_id", "mobile_number", "amount",
    "currency",
)  # fmt: skip
LAYOUT = Layout(
    columns=COLUMNS,
    order_id="external_id",
    vendor_ref="transaction_id",
    time="time",
    status="status",
    product="product_id",
    amount="amount",
    currency="currency",
    outcomes={"COMPLETED": "paid", "REVERSED": "reversed"},
    balances={"OPENING": "OPENING", "CLOSING": "CLOSING", "TOP_UP": "TOP_UP"},
)
