"""Alibaba Cloud's dialect: the signature, the codes, the list of what was sent."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifications.outcomes import (
    Accepted,
    Delivered,
    Found,
    Held,
    NotFound,
    Refused,
    Sent,
    TryLater,
    Unknown,
)
from services.notifications.providers import acs3, aliyun, aliyun_answers
from services.notifications.providers.aliyun_answers import Detail


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
        ("OK", Accepted("1^0")),
        ("isp.SYSTEM_ERROR", TryLater(timedelta(seconds=5), "isp.SYSTEM_ERROR")),
        ("isv.AMOUNT_NOT_ENOUGH", Held("isv.AMOUNT_NOT_ENOUGH")),
        ("isv.MOBILE_NUMBER_ILLEGAL", Refused("isv.MOBILE_NUMBER_ILLEGAL")),
        ("isv.NEVER_HEARD_OF", Held("isv.NEVER_HEARD_OF")),
    ],
)
def test_answers_are_read_by_their_code(code: str, outcome: Sent) -> None:
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
        ([1], Accepted("1^0")),
        ([2], Refused("UNDELIV")),
        ([3], Delivered()),
        ([2, 3], Delivered()),
        ([2, 1], Accepted("1^0")),
        ([9], Accepted("1^0")),
    ],
)
def test_the_best_news_of_all_calls_counts(statuses: list[int], found: Found) -> None:
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
