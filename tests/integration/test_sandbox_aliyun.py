"""The Alibaba Cloud dialect, against a real sandbox process."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from deploy.sandbox.customer import PATIENCE_SECONDS, Client
from deploy.sandbox.dialects.aliyun import customer
from deploy.sandbox.dialects.aliyun.acs3 import Signed, signature
from deploy.sandbox.dialects.aliyun.customer import PAID, SIGN_NAME, THANKS
from deploy.sandbox.testing import Inbox, SandboxProcess

PHONE = "13800000088"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
FORM = "application/x-www-form-urlencoded"


def today() -> str:
    """The day in China, as SendDate wants it."""
    return f"{datetime.now(timezone(timedelta(hours=8))):%Y%m%d}"


async def details(client: Client, **changes: str) -> dict[str, Any]:
    """QuerySendDetails of today's messages to PHONE."""
    query = {"PhoneNumber": PHONE, "SendDate": today(), "PageSize": "10", "CurrentPage": "1"}
    return (await customer.call(client, "QuerySendDetails", query | changes))[1]


async def arrived(client: Client) -> list[dict[str, Any]]:
    """Today's messages to PHONE once none is waiting."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = (await details(client))["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
            if all(message["SendStatus"] != 1 for message in found):
                return list(found)
            await asyncio.sleep(0.01)


def test_the_published_vector() -> None:
    """The server's signature equals the one that the vendor publishes for its example."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": EMPTY_SHA256,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    request = Signed("POST", "/", query, headers, b"")
    wanted = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert wanted == signature("YourAccessKeySecret", request, sorted(headers), "/")


async def test_a_message_is_sent_and_found_by_out_id(client: Client) -> None:
    """SendSms answers OK with a BizId, and the details show OutId, text and delivery."""
    status, answer = await customer.sms(client, PHONE, "message-1")
    assert (200, "OK", "OK") == (status, answer["Code"], answer["Message"])
    assert answer["BizId"]
    [message] = await arrived(client)
    assert (
        "message-1",
        3,
        "DELIVERED",
    ) == (message["OutId"], message["SendStatus"], message["ErrCode"])
    assert message["Content"].startswith(f"【{SIGN_NAME}】感谢")
    assert "1" == (await details(client, BizId=answer["BizId"]))["TotalCount"]
    assert "0" == (await details(client, BizId="other"))["TotalCount"]
    sms = (await client.book(vendor="aliyun"))["sms"]
    assert {THANKS: {"sent": 1, "delivered": 1}} == sms["by_template"]
    assert {PHONE: {"sent": 1, "delivered": 1}} == sms["by_number"]


async def test_sending_is_not_idempotent(client: Client) -> None:
    """The same OutId twice is two messages, as at the vendor."""
    first, second = (
        await customer.sms(client, PHONE, "twice"),
        await customer.sms(client, PHONE, "twice"),
    )
    assert first[1]["BizId"] != second[1]["BizId"]
    assert 2 == (await client.book(external="twice"))["sms"]["sent_count"]
    page = await details(client, PageSize="1", CurrentPage="2")
    assert "2" == page["TotalCount"]
    assert 1 == len(page["SmsSendDetailDTOs"]["SmsSendDetailDTO"])


@pytest.mark.parametrize(
    ("phone", "wanted"),
    [
        ("13800000002", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("13800000003", "OK"),
        ("13800000004", "isp.SYSTEM_ERROR"),
        ("13800000005", "isv.BUSINESS_LIMIT_CONTROL"),
        ("+8613800000088", "OK"),
        ("008613800000088", "OK"),
        ("02012345678", "isv.MOBILE_NUMBER_ILLEGAL"),
    ],
)
async def test_the_number_decides(client: Client, phone: str, wanted: str) -> None:
    """Endings and malformed numbers give their codes; a refused call is booked but not sent."""
    status, answer = await customer.sms(client, phone)
    assert (200, wanted) == (status, answer["Code"])
    sms = (await client.book())["sms"]
    assert (1 if wanted == "OK" else 0) == sms["sent_count"]
    assert 1 == len(sms["messages"])


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"SignName": "别家"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "SMS_1"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateParam": "{"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": "[]"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateCode": PAID}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateCode": PAID, "TemplateParam": '{"amount":"20.00"}'}, "OK"),
        ({"PhoneNumbers": ""}, "isv.INVALID_PARAMETERS"),
    ],
)
async def test_template_and_sign_are_checked(
    client: Client, params: dict[str, str], wanted: str
) -> None:
    """Only registered sign names and templates with all their variables are sent."""
    assert wanted == (await customer.sms(client, **{"phone": PHONE} | params))[1]["Code"]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"secret": "wrong"}, (400, "SignatureDoesNotMatch")),
        ({"body": b"a", "sent_body": b"b"}, (400, "SignatureDoesNotMatch")),
        ({"path": "/other"}, (400, "SignatureDoesNotMatch")),
        ({"key_id": "stranger"}, (404, "InvalidAccessKeyId.NotFound")),
        ({"unsigned": "x-acs-date"}, (400, "IncompleteSignature")),
        ({"date": "yesterday"}, (400, "InvalidTimeStamp.Format")),
        ({"version": "2014-05-26"}, (400, "InvalidVersion")),
        ({"nonce": ""}, (400, "MissingParameter")),
    ],
)
async def test_a_wrong_signature_sends_nothing(
    client: Client, changes: dict[str, Any], wanted: tuple[int, str]
) -> None:
    """Each way of signing wrongly has its code, and nothing is sent."""
    params = {"PhoneNumbers": PHONE, "SignName": SIGN_NAME, "TemplateCode": THANKS}
    status, answer = await customer.call(client, "SendSms", params, **changes)
    assert wanted == (status, answer["Code"])
    assert [] == (await client.book())["sms"]["messages"]


@pytest.mark.parametrize("minutes", [-16, 16])
async def test_the_date_must_be_within_fifteen_minutes(client: Client, minutes: int) -> None:
    """A request signed too long ago or in the future is refused."""
    date = f"{datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
    _, answer = await customer.call(client, "SendSms", {}, date=date)
    assert "InvalidTimeStamp.Expired" == answer["Code"]


async def test_a_nonce_is_good_once(client: Client) -> None:
    """A replayed request is refused, so it cannot send a second message."""
    params = {"PhoneNumbers": PHONE, "SignName": SIGN_NAME, "TemplateCode": THANKS}
    assert "OK" == (await customer.call(client, "SendSms", params, nonce="n1"))[1]["Code"]
    assert (
        "SignatureNonceUsed"
        == (await customer.call(client, "SendSms", params, nonce="n1"))[1]["Code"]
    )
    assert 1 == (await client.book())["sms"]["sent_count"]


async def test_parameters_may_come_as_a_form(client: Client) -> None:
    """A form body, signed over the real path, works like the query signed over the root."""
    params = {"PhoneNumbers": PHONE, "SignName": SIGN_NAME, "TemplateCode": THANKS, "OutId": "form"}
    body = urlencode(params).encode()
    _, answer = await customer.call(
        client, "SendSms", {}, body=body, content_type=FORM, path="/aliyun/"
    )
    assert "OK" == answer["Code"]
    assert 1 == (await client.book(external="form"))["sms"]["sent_count"]


async def test_other_refusals_have_the_vendors_form(client: Client) -> None:
    """Unknown actions, methods, paths and parameters answer with a Code."""
    asked = [
        await customer.call(client, "SendParcel", {}),
        await client.call("GET", "/aliyun/"),
        await client.call("POST", "/aliyun/other"),
        await client.call("POST", "/aliyun/"),
    ]
    assert [
        (404, "InvalidAction.NotFound"),
        (405, "UnsupportedHTTPMethod"),
        (404, "InvalidAction.NotFound"),
        (400, "IncompleteSignature"),
    ] == [(status, body["Code"]) for status, body in asked]
    for wrong in ({"SendDate": "20261399"}, {"SendDate": "x"}, {"PageSize": "51"}):
        assert "isv.INVALID_PARAMETERS" == (await details(client, **wrong))["Code"]


async def test_reports_are_repeated_until_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A report is an array, sent again after a 503 and after a non-zero code, also undelivered."""
    async with Inbox() as inbox, ClientSession() as session:
        inbox.answers = [(503, {}), (200, {"code": 1})]
        options = {"--aliyun-report-url": inbox.url, "--delay-scale": "0.001"}
        with SandboxProcess(tmp_path_factory.mktemp("reports"), options) as process:
            client = Client(session, process.url)
            _, answer = await customer.sms(client, "13800000003", "reported")
            reports = [await inbox.next() for _ in range(3)]
    assert [reports[0]] * 3 == reports
    [report] = reports[0]
    assert (
        "13800000003",
        "reported",
        answer["BizId"],
    ) == (report["phone_number"], report["out_id"], report["biz_id"])
    assert (False, "UNDELIV") == (report["success"], report["err_code"])
