"""Alibaba Cloud's dialect: the signature, the codes, the list of what was sent."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.notifications.providers import aliyun, aliyun_answers, aliyun_reports
from services.notifications.providers import aliyun_acs3 as acs3
from services.notifications.providers.aliyun_answers import Detail
from services.notifications.providers.protocol import Call, Inbound, Sms
from shared.errors import Misconfigured
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
from shared.vendors.vendor import NotAReport, Terms
from tests.vendors import SMS

SETTINGS = {
    "key_id": "k",
    "key_secret": "s",
    "sign_name": "码上评",
    "templates": SMS.values["templates"],
    "report_secret": "r" * 16,
}


def test_the_published_signature() -> None:
    """Our signature of the vendor's own example is the one that it publishes."""
    action = acs3.Action(
        "ecs.cn-shanghai.aliyuncs.com",
        "/",
        "RunInstances",
        "2014-05-26",
        {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
         "RegionId": "cn-shanghai"},
    )  # fmt: skip
    headers = acs3.headers(
        action,
        "YourAccessKeyId",
        "YourAccessKeySecret",
        datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        "3156853299f313e23d1673dc12e1703d",
    )
    expected = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert expected == headers["authorization"].rpartition("=")[2]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("OK", Accepted("1^0", "OK")),
        ("isp.SYSTEM_ERROR", TryLater("isp.SYSTEM_ERROR", timedelta(seconds=5))),
        ("isv.AMOUNT_NOT_ENOUGH", Held("isv.AMOUNT_NOT_ENOUGH")),
        ("isv.MOBILE_NUMBER_ILLEGAL", Rejected("isv.MOBILE_NUMBER_ILLEGAL", False)),
        ("isv.NEVER_HEARD_OF", Held("isv.NEVER_HEARD_OF")),
    ],
)
def test_answers_are_read_by_their_code(code: str, outcome: Outcome) -> None:
    """The table decides; a code that is not in it is held for a person."""
    body = json.dumps({"Code": code, "Message": "…", "BizId": "1^0", "RequestId": "r"})
    assert outcome == aliyun_answers.classify(body.encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"Message":"x"}', b'{"Code":1}'])
def test_an_unreadable_answer_is_unknown(body: bytes) -> None:
    """It may well have been sent."""
    assert Unknown("garbage") == aliyun_answers.classify(body)
    assert Unknown("garbage") == aliyun_answers.read_listing(body)


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        ([], NotFound()),
        ([1], Accepted("1^0", "waiting")),
        ([2], Rejected("UNDELIV", False)),
        ([3], Done("1^0", "delivered")),
        ([2, 3], Done("1^0", "delivered")),
        ([2, 1], Accepted("1^0", "waiting")),
        ([9], Accepted("1^0", "waiting")),
    ],
)
def test_the_best_news_of_all_calls_counts(statuses: list[int], found: Outcome) -> None:
    """Where a message was repeated, one delivery is enough; an unknown status is still waiting."""
    matched = [Detail(OutId="m", SendStatus=s, ErrCode="UNDELIV") for s in statuses]
    assert found == aliyun_answers.judge(matched, "1^0")


def test_a_call_near_midnight_is_looked_for_on_both_days() -> None:
    """The vendor may have taken it a moment after we began."""
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    both = [date(2026, 11, 23), date(2026, 11, 24)]
    assert both == aliyun.days_of(midnight - timedelta(seconds=1))
    assert both == aliyun.days_of(midnight + timedelta(seconds=1))
    assert [date(2026, 11, 24)] == aliyun.days_of(midnight + timedelta(hours=1))


@pytest.mark.parametrize(
    ("e164", "expected"), [("+8613800000000", "13800000000"), ("+85251234567", "85251234567")]
)
def test_numbers_are_written_as_the_vendor_wants_them(e164: str, expected: str) -> None:
    """National for the mainland, country code without a plus for others."""
    assert expected == aliyun.national(e164)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_is_unknown_whatever_its_body_says(status: int) -> None:
    """Something between us and the vendor may have written it, after the message was taken."""

    async def fail(_: web.Request) -> web.Response:
        return web.json_response({"Code": "isv.MOBILE_NUMBER_ILLEGAL"}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", fail)
    message = Sms(uuid4(), "thanks", "+8613800000088", {})
    async with TestServer(app) as server:
        settings = aliyun.Settings.model_validate(SETTINGS | {"url": str(server.make_url("/"))})
        async with aliyun.Aliyun(settings, Terms(2, "http://127.0.0.1:9")) as vendor:
            assert Unknown(f"http_{status}") == await vendor.send(message)
            asked = await vendor.ask(message, Call(datetime.now(UTC), None))
            assert Unknown(f"http_{status}") == asked


@pytest.mark.parametrize("body", [b"{}", b'[{"out_id": 7}]', b"null"])
def test_what_is_no_report(body: bytes) -> None:
    """Only an array whose references are text."""
    settings = aliyun.Settings.model_validate(SETTINGS | {"url": "http://127.0.0.1:9"})
    with pytest.raises(NotAReport):
        aliyun.Aliyun(settings, Terms(2, "http://127.0.0.1:9")).read_report(body)


def test_a_broken_entry_does_not_hide_the_others() -> None:
    """A report and a reply are judged entry by entry; one that is whole is enough."""
    told = [{"out_id": 7}, {"out_id": "a"}, None, {"out_id": "b"}]
    assert ["a", "b"] == aliyun_reports.references(json.dumps(told).encode())
    reply = {"phone_number": "13800000000", "content": "3", "sequence_id": 9}
    wrote = [reply | {"phone_number": "none"}, reply | {"send_time": "2026-11-26 08:00:01"}, reply]
    at = datetime(2026, 11, 26, 0, 0, 1, tzinfo=UTC)
    expected = [Inbound("9", "+8613800000000", "3", moment) for moment in (at, None)]
    assert expected == aliyun_reports.replies(json.dumps(wrote).encode())


@pytest.mark.parametrize(
    ("told", "expected"),
    [("13800000000", "+8613800000000"), ("85251234567", "+85251234567"), ("+861", "+861")],
)
def test_a_repliers_number_is_read_as_it_is_written(told: str, expected: str) -> None:
    """The other way round than numbers that we send to."""
    assert expected == aliyun_reports.e164(told)


@pytest.mark.parametrize("field", ["url", *SETTINGS])
def test_a_missing_setting_is_one_line(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """The variable to set is named, alone."""
    for name, text in (SETTINGS | {"url": "http://127.0.0.1:9"}).items():
        monkeypatch.setenv(f"MASHANG_ALIYUN_{name.upper()}", text)
    monkeypatch.delenv(f"MASHANG_ALIYUN_{field.upper()}")
    with pytest.raises(Misconfigured) as caught:
        aliyun.make(Terms(1, "http://127.0.0.1:9"))
    assert f"MASHANG_ALIYUN_{field.upper()}: field required" == str(caught.value)
