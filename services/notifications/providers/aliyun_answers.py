"""Alibaba Cloud's answers, read. What is not as expected is Unknown, never a guess."""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from services.notifications.providers.aliyun_codes import OK, TABLE
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome

WAITING, FAILED, DELIVERED = 1, 2, 3  # SendStatus [M]


class Answer(BaseModel):
    """What every answer has, and SendSms's BizId."""

    Code: str
    BizId: str | None = None


class Detail(BaseModel):
    """One message of the vendor's list."""

    OutId: str | None = None
    SendStatus: int
    ErrCode: str = ""


class Details(BaseModel):
    """The wrapping of the list."""

    SmsSendDetailDTO: list[Detail] = []


class Listing(Answer):
    """QuerySendDetails' answer."""

    SmsSendDetailDTOs: Details = Details()


def classify(body: bytes) -> Outcome:
    """What SendSms's answer means."""
    try:
        answer = Answer.model_validate_json(body)
    except ValidationError:
        return outcomes.Unknown("garbage")
    if answer.Code == OK:
        return outcomes.Accepted(answer.BizId, OK)
    return TABLE.refusal(answer.Code)


def read_listing(body: bytes) -> list[Detail] | Outcome:
    """The messages of one page, or why there is none."""
    try:
        listing = Listing.model_validate_json(body)
    except ValidationError:
        return outcomes.Unknown("garbage")
    if listing.Code == OK:
        return listing.SmsSendDetailDTOs.SmsSendDetailDTO
    return TABLE.of_question(listing.Code)


def judge(matched: Sequence[Detail], ref: str | None) -> Outcome:
    """One answer from all that the vendor lists for us: the best news counts."""
    states = {detail.SendStatus for detail in matched}
    if DELIVERED in states:
        return outcomes.Done(ref, "delivered")
    if states - {FAILED}:
        return outcomes.Accepted(ref, "waiting")
    if not matched:
        return outcomes.NotFound()
    return outcomes.Rejected(matched[0].ErrCode or "undelivered", retriable=False)
