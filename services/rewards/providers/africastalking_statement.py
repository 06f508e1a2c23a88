"""How Africa's Talking's dashboard exports a day's airtime [M]: a guess; no API lists it [D].

So a person takes the file in. The key that we send stands in it, or the file is refused: without it
nobody could tell that an order whose answer was lost is not among the rows. Verify it before going
live.
"""

from services.rewards.providers.statement_layout import Layout


def layout(unit: str = "CNY") -> Layout:
    """In the account's currency."""
    return Layout(
        columns=(
            "Request ID", "Idempotency Key", "Date", "Status", "Value", "Phone Number", "Amount",
            "Currency",
        ),
        order_id="Idempotency Key",
        vendor_ref="Request ID",
        time="Date",
        status="Status",
        product="Value",
        amount="Amount",
        currency="Currency",
        unit=unit,
        outcomes={"Success": "paid", "Reversed": "reversed"},
        balances={"Opening Balance": "OPENING", "Closing Balance": "CLOSING", "Top Up": "TOP_UP"},
    )  # fmt: skip
