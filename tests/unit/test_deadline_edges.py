"""Rules 3 to 6 at their edges, a row each, beside the words of the article that it obeys."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.verification.casework.rules import answering, cases, requests, verdicts
from services.verification.casework.rules.answering import Decider
from services.verification.casework.rules.cases import Case
from services.verification.supervision import rules as ladder
from shared import policy
from shared.errors import Conflict
from shared.events import SubmissionReceived
from shared.policy import Policies, Policy
from shared.policy.calendar import Calendar
from shared.values import clock

OURS = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml").editions[-1]
NEW_YEAR = date(2027, 1, 1)


def edition(**parts: object) -> Policy:
    """Ours from the new year on, with some of its parts changed."""
    return OURS.model_copy(update={"effective_from": NEW_YEAR, **parts})


# An earlier evening, no extensions, notices each twelve hours: from 2027 on.
LATER = edition(
    callback=OURS.callback.model_copy(update={"cutoff": time(12)}),
    verification=OURS.verification.model_copy(
        update={"cutoff": time(12), "extensions": 0, "second_review_days": 3}
    ),
    supervision=OURS.supervision.model_copy(update={"repeat_hours": 12}),
)
BOTH = Policies([OURS, LATER])
# The holiday of 7 October moved to the 8th, and a Saturday made up for it.
MOVED = edition(
    calendar=Calendar(
        holidays=(OURS.calendar.holidays - {date(2026, 10, 7)}) | {date(2026, 10, 8)},
        workdays=OURS.calendar.workdays,
    )
)


def at(text: str) -> datetime:
    """A time at the bureau; `24:00` is the end of that day."""
    day, _, hour = text.partition(" ")
    if hour == "24:00":
        return clock.end_of_day(date.fromisoformat(day))
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=clock.SHANGHAI)


def case(received: str, rule: Policy | None = None, **changed: object) -> Case:
    """The case of a complaint, judged by the policy of its day unless told otherwise."""
    event = SubmissionReceived.model_validate(
        {"submission_id": UUID(int=1), "kind": "complaint", "unit_code": "u", "satisfaction": 1,
         "words_sealed": "x", "phone_sealed": "x", "received_at": at(received)} | changed
    )  # fmt: skip
    return cases.open_case(event, rule or BOTH.at(at(received)), UUID(int=2), at(received))


SAME_DAY = "對群眾投訴問題要求當天進行電話回訪完畢"
VERIFIED = "對群眾投訴問題當天核查完畢上報"
OVERDUE = "對超期報送核查情況的單位下發督辦通知"
AT_ONCE = "雖然按照規定,工作人員有上下班時間,但是服務群眾一刻也不能耽擱"


@pytest.mark.parametrize(
    ("received", "due", "phrase"),
    [
        ("2026-12-30 18:00", "2026-12-30 24:00", SAME_DAY),
        ("2026-12-30 18:00:01", "2026-12-31 24:00", SAME_DAY),
        ("2026-12-30 23:50", "2026-12-31 24:00", SAME_DAY),
        ("2026-12-31 00:00", "2026-12-31 24:00", SAME_DAY),
        ("2026-12-31 23:59:59", "2027-01-01 24:00", AT_ONCE),
        ("2027-01-01 00:00", "2027-01-01 24:00", AT_ONCE),
        ("2027-01-01 12:00", "2027-01-01 24:00", VERIFIED),
        ("2027-01-01 12:00:01", "2027-01-02 24:00", VERIFIED),
        ("2026-10-01 09:00", "2026-10-01 24:00", AT_ONCE),
        ("2026-10-04 09:00", "2026-10-04 24:00", AT_ONCE),
        ("2028-02-28 19:00", "2028-02-29 24:00", VERIFIED),
        ("2028-02-29 19:00", "2028-03-01 24:00", VERIFIED),
    ],
    ids=["18:00", "18:00:01", "23:50", "0:00", "last second of the old policy",
         "first of the new", "12:00 under the new", "12:00:01", "national day", "a Sunday",
         "the day before the leap day", "the leap day"],
)  # fmt: skip
def test_due_the_same_day_by_the_policy_of_the_receipt(
    received: str, due: str, phrase: str
) -> None:
    """Whatever is in force when somebody acts: the case keeps the promise of its receipt."""
    opened = case(received)
    assert (at(due), at(due)) == (opened.callback_due_at, opened.verification_due_at), phrase


@pytest.mark.parametrize(
    ("received", "rule", "due"),
    [
        ("2026-11-23 23:50", OURS, "2026-11-30 24:00"),
        ("2026-11-28 10:00", OURS, "2026-12-04 24:00"),
        ("2026-09-30 10:00", OURS, "2026-10-13 24:00"),
        ("2026-09-30 10:00", MOVED, "2026-10-13 24:00"),
        ("2026-10-07 10:00", OURS, "2026-10-13 24:00"),
        ("2026-10-07 10:00", MOVED, "2026-10-14 24:00"),
        ("2026-10-08 10:00", OURS, "2026-10-14 24:00"),
        ("2026-10-08 10:00", MOVED, "2026-10-14 24:00"),
        ("2026-10-06 10:00", MOVED, "2026-10-13 24:00"),
        ("2026-02-13 10:00", OURS, "2026-02-27 24:00"),
        ("2025-12-31 10:00", OURS, "2026-01-08 24:00"),
        ("2028-02-25 10:00", OURS, "2028-03-03 24:00"),
    ],
)
def test_a_bare_rating_has_working_days(received: str, rule: Policy, due: str) -> None:
    """National practice: every bad rating is rectified and answered, in five working days.

    The make-up Saturdays count, holidays do not; a holiday that is moved moves what it lies in.
    """
    bare = case(received, rule, kind="rating", words_sealed=None, phone_sealed=None)
    assert at(due) == bare.verification_due_at


@pytest.mark.parametrize(
    ("received", "asked", "days", "due"),
    [
        ("2026-11-23 10:00", "2026-11-23 23:59:59", 3, "2026-11-26 24:00"),
        ("2026-11-23 10:00", "2026-11-23 24:00", 3, None),
        ("2026-12-31 19:00", "2027-01-01 20:00", 3, "2027-01-04 24:00"),
        ("2027-01-01 10:00", "2027-01-01 11:00", 1, None),
        ("2028-02-27 10:00", "2028-02-27 12:00", 2, None),
        ("2026-02-27 10:00", "2026-02-27 12:00", 1, "2026-02-28 24:00"),
    ],
    ids=["a second before", "24:00", "over the year's end", "none under the new policy",
         "nor in the leap year", "a Saturday"],
)  # fmt: skip
def test_more_time_once_and_before_it_is_over(
    received: str, asked: str, days: int, due: str | None
) -> None:
    """「當天核查完畢上報」: one extension of at most three days, by the policy of the receipt."""
    opened, rule = case(received), BOTH.at(at(received))
    if due is None:
        with pytest.raises(Conflict):
            requests.may_extend(opened, rule, at(asked))
        return
    requests.may_extend(opened, rule, at(asked))
    longer = requests.extended(opened, days, rule)
    assert (at(due), 1) == (longer.verification_due_at, longer.extensions)
    with pytest.raises(Conflict):
        requests.may_extend(longer, rule, at(asked))


@pytest.mark.parametrize(
    ("received", "deadline", "levels"),
    [
        ("2026-12-30 10:00", "2026-12-30 24:00", ["2026-12-30 24:00", "2026-12-31 24:00",
                                                   "2027-01-01 24:00", "2027-01-02 24:00"]),
        ("2026-12-31 23:00", "2027-01-01 24:00", ["2027-01-01 24:00", "2027-01-02 24:00",
                                                   "2027-01-03 24:00", "2027-01-04 24:00"]),
        ("2027-01-01 10:00", "2027-01-01 24:00", ["2027-01-01 24:00", "2027-01-02 12:00",
                                                   "2027-01-02 24:00", "2027-01-03 12:00"]),
        ("2028-02-28 10:00", "2028-02-28 24:00", ["2028-02-28 24:00", "2028-02-29 12:00",
                                                   "2028-02-29 24:00", "2028-03-01 12:00"]),
        ("2026-11-23 10:00", "2026-11-26 24:00", ["2026-11-26 24:00", "2026-11-27 24:00",
                                                   "2026-11-28 24:00", "2026-11-29 24:00"]),
    ],
    ids=["over the year's end", "received under the old, late under the new", "under the new",
         "leap day", "extended, on a weekend"],
)  # fmt: skip
def test_the_ladder_of_a_deadline(received: str, deadline: str, levels: list[str]) -> None:
    """「對超期報送核查情況的單位下發督辦通知」, by the ladder of the day of receipt."""
    opened = replace(case(received), verification_due_at=at(deadline))
    [own] = [
        one for one in ladder.ladders(BOTH)
        if (one.since is None or one.since <= opened.received_at)
        and (one.until is None or opened.received_at < one.until)
    ]  # fmt: skip
    climbs = [opened.verification_due_at + rung.after for rung in own.rungs]
    assert list(map(at, levels)) == climbs, OVERDUE


def _reviewed(received: str, now: str) -> datetime | None:
    return verdicts.submitted(
        case(received), BOTH.at(at(received)), at(now), waits=True, drawn=False
    ).review_due_at


def _reopened(received: str, now: str) -> datetime:
    decider = Decider("x", "unit_operator")
    return answering.reopened(
        case(received), decider, at(now), BOTH.at(at(received))
    ).verification_due_at


@pytest.mark.parametrize(
    ("rule", "received", "now", "due"),
    [
        (_reviewed, "2026-12-30 10:00", "2026-12-30 23:50", "2026-12-31 24:00"),
        (_reviewed, "2026-12-31 19:00", "2027-01-01 00:00", "2027-01-02 24:00"),
        (_reviewed, "2027-01-01 10:00", "2027-01-01 10:01", "2027-01-04 24:00"),
        (_reopened, "2026-12-31 10:00", "2027-01-10 18:00", "2027-01-10 24:00"),
        (_reopened, "2026-12-31 10:00", "2027-01-10 18:00:01", "2027-01-11 24:00"),
        (_reopened, "2027-01-01 10:00", "2027-01-10 12:00:01", "2027-01-11 24:00"),
    ],
    ids=["next day", "old policy in the new year", "three days under the new", "18:00 of the old",
         "a second later", "12:00:01 of the new"],
)  # fmt: skip
def test_a_second_look_and_a_second_time_go_by_the_same_policy(
    rule: Callable[[str, str], datetime | None], received: str, now: str, due: str
) -> None:
    """A case is judged by the policy in force when it was received, also when it changed since."""
    assert at(due) == rule(received, now)


def test_the_turn_of_the_policy_is_midnight_at_the_bureau() -> None:
    """Not in UTC, where at that moment the old year has eight hours left."""
    turn = datetime(2026, 12, 31, 16, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert (OURS, LATER) == (BOTH.at(turn - second), BOTH.at(turn))
