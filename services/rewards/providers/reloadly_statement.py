"""A day at Reloadly: as its dashboard exports it, or as its report of transactions tells it.

The export is a guess in the names of its API [M]: verify it against the account's own before going
live. The report [D] knows a transaction by the day of its order and has no balances; what was given
back stands in it as one transaction, and is money only if it had been delivered [C].
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from pydantic import BaseModel, Field, ValidationError
from pydantic.alias_generators import to_camel

from services.rewards.providers.protocol import Amount, NotAStatement
from services.rewards.providers.reloadly_codes import REFUNDED, SUCCESSFUL
from services.rewards.providers.statement_layout import Layout
from shared.values.sheet import RowError

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


class _Page(BaseModel):
    content: list[object] = Field(max_length=10_000)
    last: bool = False


class _Whole(BaseModel):
    content: list[dict[str, object]]


class _Row(BaseModel, alias_generator=to_camel):
    transaction_id: int
    custom_identifier: str | None = None
    transaction_date: str = Field(max_length=40)
    status: str = Field(max_length=50)
    operator_id: int
    delivered_amount: Amount | None = None
    delivered_amount_currency_code: str | None = None


def is_last(page: bytes, size: int) -> bool:
    """Whether none follows one that could have so many rows; an unreadable one is the last."""
    try:
        read = _Page.model_validate_json(page)
    except ValidationError:
        return True
    return read.last or len(read.content) < size


def joined(pages: Sequence[bytes]) -> bytes:
    """Their transactions as one list; a page that cannot be read makes it none."""
    try:
        rows = [row for page in pages for row in _Page.model_validate_json(page).content]
    except ValidationError:
        return b"{}"
    return json.dumps({"content": rows}).encode()


def listed(raw: bytes) -> Iterator[tuple[int, Mapping[str, str]]] | None:
    """What the report tells, under the headings of the export; None where it is no such list."""
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        content = _Whole.model_validate_json(raw).content
    except ValidationError:
        raise NotAStatement(RowError(1, "", "statement_unread")) from None
    return (line for number, row in enumerate(content, 1) for line in _lines(number, row))


def _lines(number: int, told: Mapping[str, object]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """None for what failed or is under way; two for what was delivered and given back."""
    try:
        row = _Row.model_validate(told)
    except ValidationError:
        raise NotAStatement(RowError(number, "", "statement_unread")) from None
    amount = row.delivered_amount or Decimal()
    if row.status not in (SUCCESSFUL, REFUNDED) or (row.status == REFUNDED and not amount):
        return
    for status, fen in ((SUCCESSFUL, amount), (REFUNDED, -amount)):
        if status in (SUCCESSFUL, row.status):
            cells = (f"{row.transaction_id}", row.custom_identifier or "", row.transaction_date,
                     status, f"{row.operator_id}", "", f"{fen:f}",
                     row.delivered_amount_currency_code or "")  # fmt: skip
            yield number, dict(zip(LAYOUT.columns, cells, strict=True))
