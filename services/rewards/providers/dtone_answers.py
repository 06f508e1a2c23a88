"""What DT One says, as values: the transaction, the product, the operators of a number, errors."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.rewards.providers.dtone_codes import (
    ABSENT,
    COMPLETED,
    ERRORS,
    FAILED,
    FIXED,
    HOPELESS,
    REVERSED,
    UNDER_WAY,
    WRONG_NUMBERS,
    Meaning,
)
from services.rewards.providers.protocol import Amount, Listed
from services.rewards.rules.numbers import Belongs, Word
from services.rewards.rules.orders import Order
from shared.values.money import parse_yuan
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

NOT_BEFORE = timedelta(seconds=5)


class _Class(BaseModel):
    id: int


class _Status(BaseModel):
    message: str = Field(max_length=100)
    klass: _Class = Field(alias="class")


class _Product(BaseModel):
    id: int


class _Amount(BaseModel):
    amount: Amount
    unit: str = Field(max_length=10)


class _Operator(BaseModel):
    """One that may have a number: that it has is said where the vendor knows."""

    id: int
    identified: bool = True


class _Offer(BaseModel):
    """A product of fixed value, of one operator; what the phone gets is its destination."""

    id: int
    type: str = Field(max_length=50)
    destination: _Amount
    operator: _Operator


class _Transaction(BaseModel):
    id: int
    external_id: str
    status: _Status
    product: _Product


class _Error(BaseModel):
    code: int


class _Errors(BaseModel):
    errors: list[_Error] = Field(min_length=1)


class _Report(BaseModel):
    external_id: str = Field(pattern=r"^[A-Za-z0-9]{8,40}$")


_FOUND = TypeAdapter(list[_Transaction])
_OPERATORS = TypeAdapter(list[_Operator])


def read_order(order: Order, answer: Answer) -> Outcome:
    """The transaction that an order became, or why it became none."""
    try:
        if 200 <= answer.status < 300:
            return _judge(order, _Transaction.model_validate_json(answer.body))
        codes = {str(error.code) for error in _Errors.model_validate_json(answer.body).errors}
    except ValidationError:
        return Unknown(f"http_{answer.status}_unreadable")
    return _refusal(codes.pop()) if len(codes) == 1 else Unknown("several_errors")


def read_list(order: Order, answer: Answer) -> Outcome:
    """The transactions of our id: there is one at most."""
    if answer.status != 200:
        return Unknown(f"http_{answer.status}")
    try:
        found = _FOUND.validate_json(answer.body)
    except ValidationError:
        return Unknown("unreadable")
    if not found:
        return NotFound()
    return _judge(order, found[0]) if len(found) == 1 else Unknown("several_found")


def read_product(product: str, answer: Answer) -> Listed | Unknown:
    """What the phone would get of it, and at which operator."""
    try:
        if answer.status == 200:
            return _offered(product, _Offer.model_validate_json(answer.body))
        [error] = _Errors.model_validate_json(answer.body).errors
    except ValueError:
        return Unknown(f"http_{answer.status}")
    code = str(error.code)
    return Listed(None, "nothing") if code in ABSENT else Unknown(code)


def read_operators(answer: Answer) -> Word:
    """The one operator that has a number now; an error that names the number is certain."""
    try:
        if answer.status == 200:
            return _identified(_OPERATORS.validate_json(answer.body))
        [error] = _Errors.model_validate_json(answer.body).errors
        code = str(error.code)
    except ValueError:
        code = f"http_{answer.status}"
    if code in WRONG_NUMBERS:
        return Rejected(code, retriable=False)
    if ERRORS.get(code) == "held":
        return Held(code)
    passing = ERRORS.get(code) in ("later", "retry") or answer.status >= 500
    return TryLater(code, NOT_BEFORE) if passing else Unknown(code)


def read_report(body: bytes) -> str:
    """Our id in a report, or NotAReport."""
    try:
        return _Report.model_validate_json(body).external_id
    except ValidationError:
        raise NotAReport("not a transaction with an external_id of ours") from None


def _identified(listed: list[_Operator]) -> Belongs | Unknown:
    own = {str(one.id) for one in listed if one.identified}
    return Belongs(own.pop()) if len(own) == 1 else Unknown("operator_not_identified")


def _offered(product: str, offer: _Offer) -> Listed:
    amount, unit = offer.destination.amount, offer.destination.unit
    ours = (str(offer.id), offer.type, unit) == (product, FIXED, "CNY")
    fen = parse_yuan(str(amount)) if ours else None
    return Listed(fen, f"{amount} {unit} ({offer.type}, {offer.id})", str(offer.operator.id))


def _judge(order: Order, found: _Transaction) -> Outcome:
    # Orders of before do not know their product.
    if found.external_id != order.order_id or order.product not in ("", str(found.product.id)):
        return Unknown("another_order")
    ref, code, kind = str(found.id), found.status.message, found.status.klass.id
    if kind in FAILED:
        return Rejected(code, retriable=code not in HOPELESS)
    known: Mapping[int, Outcome] = {COMPLETED: Done(ref, code), REVERSED: Reversed(ref, code)}
    known = {**known, **dict.fromkeys(UNDER_WAY, Accepted(ref, code))}
    return known.get(kind, Unknown(f"class_{kind}"))


def _refusal(code: str) -> Outcome:
    meanings: Mapping[Meaning, Outcome] = {
        "final": Rejected(code, retriable=False),
        "retry": Rejected(code, retriable=True),
        "later": TryLater(code, NOT_BEFORE),
        "held": Held(code),
        "unknown": Unknown(code),
    }
    return meanings[ERRORS.get(code, "unknown")]
