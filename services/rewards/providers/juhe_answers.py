"""What Juhe says, as values: its answers, the states of an order, its report; and how it signs."""

from collections.abc import Mapping
from hashlib import md5
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, Field, ValidationError

from services.rewards.providers.juhe_codes import CANCELLED, SUCCEEDED, UNDER_WAY
from services.rewards.providers.protocol import Amount
from services.rewards.rules.orders import Order
from shared.vendors.client import Answer
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport


class Told(BaseModel, coerce_numbers_to_str=True):
    """Numbers come as numbers or as texts, as it pleases them."""


T = TypeVar("T", bound=Told)


class Said(Told):
    """Every answer; 0 is the only good code."""

    error_code: str
    result: object = None


class Purse(Told):
    """What `yue` finds, in yuan."""

    money: Amount


class Placed(Told):
    """What `onlineorder` made: the state is always under way at first."""

    sporder_id: str = Field(max_length=64)
    uorderid: str
    game_state: str = Field(max_length=10)


class State(Told):
    """What `ordersta` finds: neither our id nor the amount, but the price."""

    sporder_id: str = Field(max_length=64)
    uordercash: Amount
    game_state: str = Field(max_length=10)


class Report(Told):
    """The form that they post; more fields may come."""

    sporder_id: str
    orderid: str = Field(pattern=r"^[A-Za-z0-9]{8,32}$")
    sign: str


def read(answer: Answer | TryLater | Unknown) -> Said | TryLater | Unknown:
    """What was said, if it can be read, under the one status of which the copies know."""
    if not isinstance(answer, Answer):
        return answer
    try:
        said = Said.model_validate_json(answer.body)
    except ValidationError:
        return Unknown(f"http_{answer.status}_unreadable")
    return said if answer.status == HTTPStatus.OK else Unknown(f"http_{answer.status}")


def result(kind: type[T], said: Said) -> T | None:
    """What came with the code."""
    try:
        return kind.model_validate(said.result)
    except ValidationError:
        return None


def judge(order: Order, ref: str, state: str) -> Outcome:
    """A cancelled order costs nothing, also if it was called done before."""
    code = f"game_state_{state}"
    if state == CANCELLED:
        return Reversed(ref, code) if order.paid else Rejected(code, retriable=True)
    known: Mapping[str, Outcome] = {UNDER_WAY: Accepted(ref, code), SUCCEEDED: Done(ref, code)}
    return known.get(state, Unknown(code))


def read_report(body: bytes) -> Report:
    """A form about an order that could be ours, or NotAReport."""
    try:
        return Report.model_validate(dict(parse_qsl(body.decode("ascii"), strict_parsing=True)))
    except ValueError:
        raise NotAReport("not a form about an order of ours") from None


def signature(*words: str) -> str:
    """md5 of the words as they follow each other, in lower case."""
    return md5("".join(words).encode(), usedforsecurity=False).hexdigest()
