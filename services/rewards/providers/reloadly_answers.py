"""What Reloadly says, as values: the transaction, the operator, the error, the webhook."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from pydantic import AliasChoices, BaseModel, Field, ValidationError
from pydantic.alias_generators import to_camel

from services.rewards.providers.protocol import Amount, Listed
from services.rewards.providers.reloadly_codes import (
    ABSENT,
    ERRORS,
    FAILED,
    HOPELESS,
    PROCESSING,
    REFUNDED,
    SUCCESSFUL,
    WRONG_NUMBERS,
    Meaning,
)
from services.rewards.rules.numbers import Belongs, Word
from services.rewards.rules.orders import Order
from shared.values.money import yuan
from shared.vendors.client import Answer
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport

LATER, RECHARGED = timedelta(seconds=5), timedelta(minutes=2)


class Camel(BaseModel, alias_generator=to_camel):
    """Names as they write them."""


class Placed(Camel):
    """What `/topups-async` answers."""

    transaction_id: int


class Transaction(Camel):
    """A row of the report, and what a status may bring along."""

    transaction_id: int
    custom_identifier: str
    operator_id: int
    requested_amount: Amount
    requested_amount_currency_code: str
    status: str = Field(default="", max_length=50)


class Status(Camel):
    """`/topups/{id}/status`: flat [D], or with the transaction once there is one [C]."""

    status: str = Field(max_length=50)
    code: str | None = Field(default=None, max_length=100)
    transaction: Transaction | None = None


class Rows(Camel):
    """A page of the report; one identifier has one row."""

    content: list[Transaction]


class Detected(Camel):
    """The operator that has a number."""

    operator_id: int = Field(validation_alias=AliasChoices("operatorId", "id"))


class Operator(Detected):
    """What of `/operators/{id}` decides: airtime in yuan, of a range or of fixed amounts."""

    name: str = Field(max_length=200)
    destination_currency_code: str = Field(max_length=10)
    denomination_type: str
    supports_local_amounts: bool = False
    bundle: bool = False
    data: bool = False
    pin: bool = False
    local_min_amount: Amount | None = None
    local_max_amount: Amount | None = None
    local_fixed_amounts: list[Amount] = []

    def sells(self, fen: int) -> bool:
        """Whether so much local money can be ordered of it."""
        amount = Decimal(fen) / 100
        if not self.supports_local_amounts or self.bundle or self.data or self.pin:
            return False
        if self.denomination_type == "FIXED":
            return amount in self.local_fixed_amounts
        least, most = self.local_min_amount, self.local_max_amount
        return least is not None and most is not None and least <= amount <= most


class _Error(Camel):
    error_code: str = Field(max_length=100)


class _Data(Camel):
    custom_identifier: str = Field(pattern=r"^[A-Za-z0-9]{8,40}$")


class _Webhook(Camel):
    data: _Data


def error_code(answer: Answer) -> str | None:
    """The vendor's own word for what went wrong."""
    try:
        return _Error.model_validate_json(answer.body).error_code
    except ValidationError:
        return None


def refusal(answer: Answer) -> Outcome:
    """What an error under an order means."""
    code = error_code(answer)
    if code is None:
        return Unknown(f"http_{answer.status}_unreadable")
    meanings: Mapping[Meaning, Outcome] = {
        "final": Rejected(code, retriable=False),
        "retry": Rejected(code, retriable=True),
        "later": TryLater(code, LATER),
        "recharged": TryLater(code, RECHARGED),
        "held": Held(code),
        "unknown": Unknown(code),
    }
    return meanings[ERRORS.get(code, "unknown")]


def read_status(order: Order, answer: Answer) -> Outcome:
    """By the vendor's own id, so it is our order; what is told of it must fit all the same."""
    try:
        told = Status.model_validate_json(answer.body)
    except ValidationError:
        return Unknown(f"http_{answer.status}_unreadable")
    if answer.status != 200:
        return Unknown(f"http_{answer.status}")
    if told.transaction and not _is_ours(order, told.transaction):
        return Unknown("another_order")
    return _judge(order, order.ref, told.status, told.code)


def read_rows(order: Order, answer: Answer) -> Outcome:
    """By our id."""
    try:
        found = Rows.model_validate_json(answer.body).content
    except ValidationError:
        return Unknown(f"http_{answer.status}_unreadable")
    if answer.status != 200:
        return Unknown(f"http_{answer.status}")
    if not found:
        return NotFound()
    if len(found) > 1:
        return Unknown("several_found")
    if not _is_ours(order, found[0]):
        return Unknown("another_order")
    return _judge(order, str(found[0].transaction_id), found[0].status, None)


def _is_ours(order: Order, found: Transaction) -> bool:
    # Orders of before do not know their product.
    same = order.product in ("", str(found.operator_id))
    amount = found.requested_amount * 100 == order.amount_fen
    told = (found.custom_identifier, found.requested_amount_currency_code)
    return same and amount and told == (order.order_id, "CNY")


def _judge(order: Order, ref: str | None, status: str, code: str | None) -> Outcome:
    """What is refunded was not delivered, unless it was called successful before."""
    why = code or status
    known: Mapping[str, Outcome] = {
        SUCCESSFUL: Done(ref, status),
        PROCESSING: Accepted(ref, status),
        FAILED: Rejected(why, retriable=why not in HOPELESS),
        REFUNDED: Reversed(ref, status)
        if order.paid
        else Rejected(why, retriable=why not in HOPELESS),
    }
    return known.get(status, Unknown(f"status_{status}"))


def read_operator(product: str, fen: int | None, answer: Answer) -> Listed | Unknown:
    """What the phone would get of it, if we order so much."""
    if error_code(answer) in ABSENT:
        return Listed(None, "nothing")
    try:
        found = Operator.model_validate_json(answer.body)
    except ValidationError:
        return Unknown(f"http_{answer.status}")
    if answer.status != 200:
        return Unknown(f"http_{answer.status}")
    ours = (str(found.operator_id), found.destination_currency_code) == (product, "CNY")
    said = f"{found.destination_currency_code} of {found.name} ({found.denomination_type})"
    if fen is None or not ours or not found.sells(fen):
        return Listed(None, f"no {yuan(fen)} in {said}" if fen else said)
    return Listed(fen, f"{yuan(fen)} {said}", network=product)


def read_detected(answer: Answer) -> Word:
    """Whose the number is now, by the operator's id; an error that names the number is certain."""
    if answer.status == 200:
        return _detected(answer.body)
    code = error_code(answer) or f"http_{answer.status}"
    if code in WRONG_NUMBERS:
        return Rejected(code, retriable=False)
    if ERRORS.get(code) == "held":
        return Held(code)
    passing = ERRORS.get(code) in ("later", "retry") or answer.status >= 500
    return TryLater(code, LATER) if passing else Unknown(code)


def _detected(body: bytes) -> Belongs | Unknown:
    try:
        return Belongs(str(Detected.model_validate_json(body).operator_id))
    except ValidationError:
        return Unknown("http_200_unreadable")


def read_report(body: bytes) -> str:
    """Our id in a webhook, or NotAReport."""
    try:
        return _Webhook.model_validate_json(body).data.custom_identifier
    except ValidationError:
        raise NotAReport("not a transaction with an identifier of ours") from None
