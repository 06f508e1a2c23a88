"""Tencent Cloud's dialect: the signature, the codes, the list, what it brings."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.providers import tencent_answers, tencent_reports
from services.notifications.providers import tencent_tc3 as tc3
from services.notifications.providers.tencent_answers import Report
from services.notifications.providers.tencent_codes import TABLE
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport
from tests.support import captured_logs

SECRET = "s" * 16
HOUR = timedelta(hours=1)
# As the vendor publishes it, the escapes literally.
PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


def test_the_published_signature() -> None:
    """Our signature of the vendor's own example is the one that it publishes."""
    action = tc3.Action("cvm.tencentcloudapi.com", "/", "cvm", "DescribeInstances", PAYLOAD)
    at = datetime.fromtimestamp(1551113065, UTC)
    headers = tc3.headers(action, "AKID", "*" * 32, at)
    expected = "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    assert expected == headers["authorization"].rpartition("=")[2]
    assert "1551113065" == headers["x-tc-timestamp"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("RequestLimitExceeded", TryLater("RequestLimitExceeded", timedelta(seconds=5))),
        ("RequestLimitExceeded.UinLimitExceeded",
         TryLater("RequestLimitExceeded.UinLimitExceeded", timedelta(seconds=5))),
        ("LimitExceeded.PhoneNumberDailyLimit",
         TryLater("LimitExceeded.PhoneNumberDailyLimit", HOUR)),
        ("LimitExceeded.PhoneNumberThirtySecondLimit",
         TryLater("LimitExceeded.PhoneNumberThirtySecondLimit", timedelta(seconds=30))),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears",
         Held("UnauthorizedOperation.ServiceSuspendDueToArrears")),
        ("FailedOperation.InsufficientBalanceInSmsPackage",
         Held("FailedOperation.InsufficientBalanceInSmsPackage")),
        ("AuthFailure.SignatureExpire", Held("AuthFailure.SignatureExpire")),
        ("InvalidParameterValue.TemplateParameterFormatError",
         Held("InvalidParameterValue.TemplateParameterFormatError")),
        ("InvalidParameterValue.IncorrectPhoneNumber",
         Rejected("InvalidParameterValue.IncorrectPhoneNumber", retriable=False)),
        ("FailedOperation.PhoneNumberInBlacklist",
         Rejected("FailedOperation.PhoneNumberInBlacklist", retriable=False)),
        ("InternalError.Timeout", Unknown("InternalError.Timeout")),
    ],
)  # fmt: skip
def test_answers_are_read_by_their_code(code: str, outcome: Outcome) -> None:
    """Of one phone or of the whole call; a code alone, or by its family."""
    of_phone = {"Response": {"SendStatusSet": [{"SerialNo": "", "Code": code}], "RequestId": "r"}}
    of_call = {"Response": {"Error": {"Code": code, "Message": "…"}, "RequestId": "r"}}
    for answer in (of_phone, of_call):
        assert outcome == tencent_answers.classify(json.dumps(answer).encode())


def test_a_code_that_is_in_no_table_is_held_and_alerts() -> None:
    """A family whose members differ says nothing of a new one."""
    with captured_logs() as logs:
        assert Held("FailedOperation.New") == TABLE.refusal("FailedOperation.New")
    assert "vendor code was not in the table" in str(logs)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"Response":{}}', b'{"Response":{"SendStatusSet":[]}}']
)
def test_an_unreadable_answer_is_unknown(body: bytes) -> None:
    """It may well have been sent."""
    assert Unknown("garbage") == tencent_answers.classify(body)
    assert Unknown("garbage") == tencent_answers.read_reports(body)


@pytest.mark.parametrize(
    ("told", "ref", "found"),
    [
        ([], None, NotFound()),
        ([], "1", Accepted("1", "not_reported")),
        ([("1", "SUCCESS")], None, Done("1", "SUCCESS")),
        ([("1", "FAIL")], None, Rejected("UNDELIV", retriable=False)),
        ([("1", "FAIL"), ("2", "SUCCESS")], "1", Done("2", "SUCCESS")),
        ([("1", "FAIL")], "2", Accepted("2", "not_reported")),
        ([("1", "FAIL")], "1", Rejected("UNDELIV", retriable=False)),
    ],
)
def test_the_best_news_of_all_calls_counts(
    told: list[tuple[str, str]], ref: str | None, found: Outcome
) -> None:
    """Only what a carrier reported is listed; of a message sent again, the last call decides."""
    matched = [Report(SerialNo=n, ReportStatus=s, Description="UNDELIV") for n, s in told]
    assert found == tencent_answers.judge(matched, ref)


def test_a_report_names_the_vendors_own_reference() -> None:
    """Entry by entry: what cannot be read does not hide the others."""
    told = [{"sid": 7}, {"sid": "5000:1"}, {}, {"sid": "5000:2"}]
    assert ["5000:1", "5000:2"] == tencent_reports.references(json.dumps(told).encode())
    with pytest.raises(NotAReport):
        tencent_reports.references(b'{"sid": "5000:1"}')


def test_a_replys_reference_tells_nothing_of_the_phone() -> None:
    """It is made of the whole reply under our secret, as the vendor gives it no number."""
    told = {
        "nationcode": "86",
        "mobile": "13800000000",
        "text": "3",
        "sign": "",
        "time": 1457336869,
    }
    one = tencent_reports.reply(json.dumps(told).encode(), SECRET)
    assert ("+8613800000000", "3") == (one.phone, one.text)
    assert datetime(2016, 3, 7, 7, 47, 49, tzinfo=UTC) == one.wrote_at
    later = tencent_reports.reply(json.dumps(told | {"time": 1457336870}).encode(), SECRET)
    elsewhere = tencent_reports.reply(json.dumps(told).encode(), "t" * 16)
    assert 3 == len({one.ref, later.ref, elsewhere.ref})


@pytest.mark.parametrize(
    "changed", [{"mobile": "+86138"}, {"mobile": None}, {"time": -1}, {"time": 2**40}, {"text": 3}]
)
def test_what_is_no_reply(changed: dict[str, object]) -> None:
    """Refused before anything is made of it."""
    told = {"nationcode": "86", "mobile": "13800000000", "text": "3", "time": 1457336869}
    with pytest.raises(NotAReport):
        tencent_reports.reply(json.dumps(told | changed).encode(), SECRET)
