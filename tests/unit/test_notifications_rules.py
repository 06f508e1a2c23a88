"""What follows from a vendor's answer, and how Alibaba Cloud's answers are read."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import rules
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
from services.notifications.providers import acs3, aliyun
from services.notifications.providers.aliyun import Detail
from services.notifications.rules import FINAL, Limits, Standing, State
from shared.events import CaseVerified

LIMITS = Limits()
SECOND = timedelta(seconds=1)


def standing(
    state: State = "sending",
    *,
    attempt: int = 1,
    repeats: int = 0,
    queries: int = 1,
    age: timedelta = SECOND,
    since_call: timedelta = SECOND,
) -> Standing:
    """A young message at its first call unless told otherwise."""
    return Standing(state, attempt, repeats, queries, age, since_call)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted("1^0"), "accepted"),
        (Delivered(), "delivered"),
        (Refused("x"), "failed"),
        (TryLater(SECOND, "x"), "queued"),
        (Held("x"), "held"),
        (Unknown("x"), "unknown"),
    ],
)
def test_each_answer_to_a_call_has_its_state(outcome: Sent, state: State) -> None:
    """No two kinds of answer are confused."""
    assert state == rules.after_send(outcome, standing(), LIMITS).state


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Accepted("1^0"), "accepted"),
        (Delivered(), "delivered"),
        (Refused("x"), "failed"),
        (NotFound(), "unknown"),
        (TryLater(SECOND, "x"), "unknown"),
        (Held("x"), "unknown"),
        (Unknown("x"), "unknown"),
    ],
)
def test_each_answer_to_a_query_has_its_state(found: Found, state: State) -> None:
    """A young unknown message leaves that state only on the vendor's word."""
    assert state == rules.after_query(found, standing("unknown"), LIMITS).state


def test_an_unknown_message_is_repeated_only_late_enough() -> None:
    """Not listed counts only once the vendor has had time to list it."""
    early = standing("unknown", since_call=timedelta(seconds=59))
    late = standing("unknown", since_call=timedelta(seconds=60))
    assert "unknown" == rules.after_query(NotFound(), early, LIMITS).state
    repeated = rules.after_query(NotFound(), late, LIMITS)
    assert ("queued", True) == (repeated.state, repeated.repeat)


def test_repeats_end() -> None:
    """After the allowed repeats the message stays unknown until it is given up."""
    message = standing("unknown", repeats=LIMITS.repeats, since_call=timedelta(hours=1))
    assert "unknown" == rules.after_query(NotFound(), message, LIMITS).state


def test_an_accepted_message_is_never_repeated() -> None:
    """The vendor said that it has it, so a missing line in its list means nothing."""
    message = standing("accepted", since_call=timedelta(hours=1))
    assert "accepted" == rules.after_query(NotFound(), message, LIMITS).state


@pytest.mark.parametrize("state", ["accepted", "unknown"])
@pytest.mark.parametrize("found", [NotFound(), Unknown("x"), Accepted("1^0")])
def test_without_any_word_it_is_given_up(state: State, found: Found) -> None:
    """After 72 hours the outcome is settled as unknown, and nothing is sent again."""
    message = standing(state, age=LIMITS.give_up, since_call=LIMITS.give_up)
    assert "lost" == rules.after_query(found, message, LIMITS).state
    assert "unknown" == FINAL["lost"]


def test_what_could_never_be_sent_fails_in_the_end() -> None:
    """A vendor that says "later" for 72 hours has refused."""
    message = standing(age=LIMITS.give_up)
    assert "failed" == rules.after_send(TryLater(SECOND, "x"), message, LIMITS).state


def test_the_vendors_pause_is_respected() -> None:
    """Back-off is at least what the code table says."""
    later = rules.after_send(TryLater(timedelta(hours=1), "x"), standing(attempt=2), LIMITS)
    assert timedelta(hours=1) == later.wait


FOUND: st.SearchStrategy[Found] = st.sampled_from(
    [Accepted("1^0"), Delivered(), Refused("x"), NotFound(), TryLater(SECOND, "x"), Unknown("x")]
)


@given(
    FOUND,
    st.integers(0, 5),
    st.timedeltas(SECOND, timedelta(hours=100)),
    st.timedeltas(SECOND, timedelta(hours=100)),
)
def test_a_message_goes_back_to_queued_only_by_the_vendors_word(
    found: Found, repeats: int, age: timedelta, since_call: timedelta
) -> None:
    """Out of unknown a new call follows only a late "not found", and at most three times."""
    message = standing("unknown", repeats=repeats, age=age, since_call=since_call)
    if rules.after_query(found, message, LIMITS).state == "queued":
        assert (NotFound(), True) == (found, repeats < 3)
        assert since_call >= LIMITS.settle_after


@given(FOUND, st.integers(0, 30))
def test_an_open_message_is_always_looked_at_again(found: Found, queries: int) -> None:
    """Exactly the states with an end have no next look."""
    after = rules.after_query(found, standing("unknown", queries=queries), LIMITS)
    assert (after.state in FINAL) == (after.wait is None)


@pytest.mark.parametrize(
    ("kind", "phone", "wanted"),
    [("complaint", "sealed", True), ("complaint", None, False), ("request", "sealed", False)],
)
def test_thanks_are_for_complainants_with_a_phone(
    kind: str, phone: str | None, wanted: bool
) -> None:
    """Whatever the verdict, and only with a number to send it to."""
    now = datetime.now(UTC)
    event = CaseVerified.model_validate(
        {
            "case_id": UUID(int=1), "submission_id": UUID(int=1), "incident_id": UUID(int=1),
            "revision": 1, "kind": kind, "unit_code": "u", "categories": (),
            "verdict": "out_of_scope", "attribution": "none", "officers": (),
            "answer_sealed": None, "phone_sealed": phone, "phone_index": None, "language": "zh",
            "received_at": now, "verified_at": now,
        }
    )  # fmt: skip
    assert wanted == rules.wants_thanks(event)


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
    assert outcome == aliyun.classify(body.encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"Message":"x"}', b'{"Code":1}'])
def test_an_unreadable_answer_is_unknown(body: bytes) -> None:
    """It may well have been sent."""
    assert Unknown("garbage") == aliyun.classify(body)
    assert Unknown("garbage") == aliyun.read_listing(body)


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
    assert found == aliyun.judge(matched, "1^0")


def test_a_call_near_midnight_is_looked_for_on_both_days() -> None:
    """The vendor may have taken it a moment after we began."""
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    both = [date(2026, 11, 23), date(2026, 11, 24)]
    assert both == aliyun.days_of(midnight - SECOND)
    assert both == aliyun.days_of(midnight + SECOND)
    assert [date(2026, 11, 24)] == aliyun.days_of(midnight + timedelta(hours=1))


@pytest.mark.parametrize(
    ("e164", "expected"), [("+8613800000000", "13800000000"), ("+85251234567", "85251234567")]
)
def test_numbers_are_written_as_the_vendor_wants_them(e164: str, expected: str) -> None:
    """National for the mainland, country code without a plus for others."""
    assert expected == aliyun.national(e164)
