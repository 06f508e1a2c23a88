"""How Reloadly's dashboard exports a day's transactions [M]: a guess, in the names of its API.

Verify it against the account's own exports before going live.
"""

from services.rewards.providers.statement_layout import Layout

LAYOUT = Layout(
    columns=(
        "Transaction ID", "Custom Identifier", "Transaction Date", "Status", "Operator ID",
        "Recipient Phone", "Delivered Amount", "Delivered Currency",
    ),
    order_id="Custom Identifier",
    vendor_ref="Transaction ID",
    time="Transaction Date",
    status="Status",
    product="Operator ID",
    amount="Delivered Amount",
    currency="Delivered Currency",
    outcomes={"SUCCESSFUL": "paid", "REFUNDED": "reversed"},
    balances={"OPENING": "OPENING", "CLOSING": "CLOSING", "TOP_UP": "TOP_UP"},
)  # fmt: skip
