"""Tencent Cloud's answers, read. What is not as expected is Unknown, never a guess."""

from collections.abc import Sequence

from pydantic import BaseModel, Field, ValidationError

from services.notifications.providers.tencent_codes import OK, TABLE
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome

ARRIVED = "SUCCESS"  # ReportStatus; the other one is FAIL [D]


class Fault(BaseModel):
    """Why the whole call was refused."""

    Code: str


class Sent(BaseModel):
    """What became of one phone."""

    SerialNo: str = ""
    Code: str


class Sending(BaseModel):
    """SendSms's answer: of one phone, as we send to one."""

    Error: Fault | None = None
    SendStatusSet: list[Sent] = Field(default=[], max_length=1)


class Report(BaseModel):
    """One message that a carrier has reported; SessionContext stands in it [C]."""

    SerialNo: str
    ReportStatus: str
    Description: str = ""
    SessionContext: str = ""


class Reports(BaseModel):
    """PullSmsSendStatusByPhoneNumber's answer."""

    Error: Fault | None = None
    PullSmsSendStatusSet: list[Report] | None = None


class SendAnswer(BaseModel):
    """The wrapping."""

    Response: Sending


class PullAnswer(BaseModel):
    """The wrapping."""

    Response: Reports


def classify(body: bytes) -> Outcome:
    """What SendSms's answer means."""
    try:
        answer = SendAnswer.model_validate_json(body).Response
    except ValidationError:
        return outcomes.Unknown("garbage")
    if answer.Error is not None:
        return TABLE.refusal(answer.Error.Code)
    if not answer.SendStatusSet:
        return outcomes.Unknown("garbage")
    [sent] = answer.SendStatusSet
    if sent.Code != OK:
        return TABLE.refusal(sent.Code)
    return outcomes.Accepted(sent.SerialNo or None, OK)


def read_reports(body: bytes) -> list[Report] | Outcome:
    """What the carriers have reported of a phone, or why it is not known."""
    try:
        answer = PullAnswer.model_validate_json(body).Response
    except ValidationError:
        return outcomes.Unknown("garbage")
    if answer.Error is not None:
        return TABLE.of_question(answer.Error.Code)
    if answer.PullSmsSendStatusSet is None:
        return outcomes.Unknown("garbage")
    return answer.PullSmsSendStatusSet


def judge(matched: Sequence[Report], ref: str | None) -> Outcome:
    """One answer from all reports of ours: the best news counts.

    What no carrier has reported yet is not listed, so only what was never accepted is not found.
    """
    for report in matched:
        if report.ReportStatus == ARRIVED:
            return outcomes.Done(report.SerialNo, report.ReportStatus)
    # Of a message that was sent again, an earlier failure says nothing of the last call.
    last = [report for report in matched if ref in (None, report.SerialNo)]
    if last:
        return outcomes.Rejected(last[0].Description or "undelivered", retriable=False)
    return outcomes.NotFound() if ref is None else outcomes.Accepted(ref, "not_reported")
