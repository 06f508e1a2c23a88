"""Twilio's answers, read. What is not as expected is Unknown, never a guess."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from services.notifications.providers.twilio_codes import TABLE
from shared.vendors import outcomes
from shared.vendors.client import Answer, body_of
from shared.vendors.outcomes import Outcome

DELIVERED = "delivered"
FAILED = frozenset({"undelivered", "failed", "canceled"})
# A call and the vendor's note of it are never further apart, clocks that differ included.
NEAR = timedelta(minutes=1)


def _moment(text: object) -> object:
    """RFC 2822, as the vendor writes it [D]; where it names no zone it is in UTC."""
    if not isinstance(text, str):
        return text
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Message(BaseModel):
    """One message; accepted, scheduled, queued, sending and sent are on their way [C]."""

    sid: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")]
    status: str
    error_code: int | None = None
    body: str = ""
    date_created: Annotated[datetime, BeforeValidator(_moment)] | None = None


class Page(BaseModel):
    """Some of the messages to a number, newest first."""

    messages: list[Message]
    next_page_uri: str | None = None


class _Fault(BaseModel):
    code: int


M = TypeVar("M", Message, Page)


def judge(message: Message) -> Outcome:
    """What the vendor says of one message."""
    if message.status == DELIVERED:
        return outcomes.Done(message.sid, message.status)
    if message.status in FAILED:
        return outcomes.Rejected(str(message.error_code or message.status), retriable=False)
    return outcomes.Accepted(message.sid, message.status)


def classify(answer: Answer) -> Outcome:
    """What an answer to sending means."""
    sent = _read(Message, answer, TABLE.refusal)
    return judge(sent) if isinstance(sent, Message) else sent


def read_message(answer: Answer) -> Outcome:
    """What an answer about one message means."""
    if answer.status == HTTPStatus.NOT_FOUND:
        return outcomes.NotFound()
    found = _read(Message, answer, TABLE.of_question)
    return judge(found) if isinstance(found, Message) else found


def read_page(answer: Answer) -> Page | Outcome:
    """The messages of one page, or why there is none."""
    return _read(Page, answer, TABLE.of_question)


def _read(kind: type[M], answer: Answer, refusal: Callable[[str], Outcome]) -> M | Outcome:
    """By the status only whether it failed, and by the code why; a 5xx says nothing."""
    body = body_of(answer)
    if not isinstance(body, bytes):
        return body
    try:
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return kind.model_validate_json(body)
        return refusal(str(_Fault.model_validate_json(body).code))
    except ValidationError:
        return outcomes.Unknown("garbage")


def pick(listed: Iterable[Message], text: str, called_at: datetime) -> Message | None:
    """The message of a call: the same text, noted when we called. The best news counts."""
    ours = [
        one
        for one in listed
        if one.body == text and one.date_created and abs(one.date_created - called_at) <= NEAR
    ]
    news = {one.sid: (one.status == DELIVERED, one.status not in FAILED) for one in ours}
    return max(ours, key=lambda one: news[one.sid], default=None)
