"""The Tencent Cloud dialect, against a real sandbox process."""

import time
from typing import Any

import pytest
from aiohttp import ClientSession

from deploy.sandbox.customer import Client
from deploy.sandbox.dialects.tencent import customer
from deploy.sandbox.dialects.tencent.customer import APP, PAID, SIGN_NAME
from deploy.sandbox.dialects.tencent.tc3 import Signed, signature
from deploy.sandbox.testing import Inbox, SandboxProcess

PHONE = "+8613800000088"
PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


async def pulled(client: Client, **changes: Any) -> dict[str, Any]:
    """PullSmsSendStatusByPhoneNumber of the last minute."""
    body = {"PhoneNumber": PHONE, "SmsSdkAppId": APP, "BeginTime": int(time.time()) - 60}
    body |= {"Offset": 0, "Limit": 100}
    return (await customer.call(client, "PullSmsSendStatusByPhoneNumber", body | changes))[1]


def test_the_published_vector() -> None:
    """The server's signature equals the one that the vendor publishes for its example."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
        "x-tc-action": "DescribeInstances",
        "x-tc-timestamp": "1551113065",
    }
    made = signature(
        Signed("/", headers, PAYLOAD), "content-type;host;x-tc-action", "*" * 32,
        "2019-02-25/cvm/tc3_request", "/",
    )  # fmt: skip
    assert "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f" == made


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"sent_body": b"{}"}, "AuthFailure.SignatureFailure"),
        ({"path": "/other"}, "AuthFailure.SignatureFailure"),
        ({"unsigned": "host"}, "AuthFailure.SignatureFailure"),
        ({"date": "2019-02-25"}, "AuthFailure.SignatureFailure"),
        ({"key_id": "stranger"}, "AuthFailure.SecretIdNotFound"),
        ({"version": "2019-07-11"}, "NoSuchVersion"),
    ],
)
async def test_a_wrong_signature_sends_nothing(
    client: Client, changes: dict[str, Any], code: str
) -> None:
    """Each way of signing wrongly has its code, in an answer of 200, and nothing is sent."""
    body = {"PhoneNumberSet": [PHONE], "SmsSdkAppId": APP, "SignName": SIGN_NAME}
    status, answer = await customer.call(client, "SendSms", body, **changes)
    assert (200, code) == (status, answer["Error"]["Code"])
    assert [] == (await client.book())["sms"]["messages"]


@pytest.mark.parametrize("seconds", [-310, 310])
async def test_the_time_must_be_within_five_minutes(client: Client, seconds: int) -> None:
    """A request signed too long ago or in the future is refused."""
    stamp = int(time.time()) + seconds
    _, answer = await customer.call(client, "SendSms", {}, stamp=stamp)
    assert "AuthFailure.SignatureExpire" == answer["Error"]["Code"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "Ok"),
        ({"SignName": "别家"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"TemplateId": "1"}, "FailedOperation.TemplateUnapprovedOrNotExist"),
        ({"SmsSdkAppId": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ({"TemplateId": PAID}, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ({"TemplateId": PAID, "TemplateParamSet": ["20.00"]}, "Ok"),
        ({"PhoneNumberSet": ["13800000088"]}, "InvalidParameterValue.IncorrectPhoneNumber"),
        ({"PhoneNumberSet": ["+8613800000006"]}, "FailedOperation.PhoneNumberInBlacklist"),
        ({"PhoneNumberSet": []}, "InvalidParameter"),
    ],
)
async def test_what_is_sent_is_checked(client: Client, changes: dict[str, Any], code: str) -> None:
    """Signature, template, places and number; what was refused was not sent."""
    _, sent = await customer.sms(client, PHONE, **changes)
    assert code == sent["Code"]
    assert int(code == "Ok") == (await client.book())["sms"]["sent_count"]


async def test_the_list_knows_what_carriers_reported(client: Client) -> None:
    """By phone and time, with the customer's reference; a refused number is not there."""
    await customer.sms(client, PHONE, "message-1")
    while not (found := (await pulled(client))["PullSmsSendStatusSet"]):
        pass
    [message] = found
    assert ("message-1", "SUCCESS") == (message["SessionContext"], message["ReportStatus"])
    assert [] == (await pulled(client, PhoneNumber="+8613800000099"))["PullSmsSendStatusSet"]
    for wrong in ({"Offset": 1}, {"Limit": 101}, {"BeginTime": 0}):
        assert "Error" in await pulled(client, **wrong)


async def test_reports_are_repeated_until_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An array, sent again after a 503 and a non-zero result; our reference is not in it."""
    async with Inbox() as inbox, ClientSession() as session:
        inbox.answers = [(503, {}), (200, {"result": 1})]
        options = {"--tencent-report-url": inbox.url, "--delay-scale": "0.001"}
        with SandboxProcess(tmp_path_factory.mktemp("reports"), options) as process:
            client = Client(session, process.url)
            _, sent = await customer.sms(client, "+8613800000003", "reported")
            reports = [await inbox.next() for _ in range(3)]
    assert [reports[0]] * 3 == reports
    [report] = reports[0]
    assert (sent["SerialNo"], "FAIL", "86") == (
        report["sid"], report["report_status"], report["nationcode"]
    )  # fmt: skip
    assert "reported" not in str(report)
