"""What counts as what in the open figures, what stays hidden, and how sure a share is."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.follow.story import Entry, Step
from services.intake.open.rules import charts
from services.intake.open.rules.facts import Fact, Told, fact_of
from services.intake.open.rules.hiding import FEWEST, hidden
from services.intake.open.rules.solving import Sum
from services.intake.open.rules.tables import COUNTS, KINDS, PARTS, Cell, Tables
from services.intake.open.rules.wilson import interval

ZONE = ZoneInfo("Asia/Shanghai")
ID = UUID("01930000-0000-7000-8000-000000000009")
# 14:47 at the bureau, due at 24:00.
RECEIVED = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
DUE = datetime(2026, 7, 2, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(step: Step, at: datetime, **details: Any) -> Entry:
    """A step of a story."""
    return Entry(step, at, details)


OPENED = entry(
    "opened", RECEIVED, callback_due_at=DUE.isoformat(), verification_due_at=DUE.isoformat()
)


def called(at: datetime, state: str, number: int = 1) -> Entry:
    """An attempt to call."""
    return entry("called", at, number=number, outcome="reached", state=state)


def verified(at: datetime, verdict: str = "substantiated", number: int = 1) -> Entry:
    """A verdict."""
    return entry("verified", at, number=number, verdict=verdict, answer_sealed=None)


def clock(at: datetime, number: int, stopped: datetime | None, due: datetime = DUE) -> Entry:
    """The clock stopped, or runs on."""
    told = stopped and stopped.isoformat()
    return entry("clock", at, number=number, stopped_at=told, due_at=due.isoformat())


def moved(when: datetime, **due: str) -> Entry:
    """New due times: the case is open again, or there is a phone."""
    times = {"callback_due_at": None, "verification_due_at": None} | due
    return entry("rescheduled", when, number=1, why="followup", revision=1, **times)


def follow_up(at: datetime, due: datetime) -> Entry:
    """The citizen does not accept the answer: everything is owed anew."""
    return moved(at, callback_due_at=due.isoformat(), verification_due_at=due.isoformat())


AGAIN = follow_up(DUE + HOUR, DUE + 24 * HOUR)


def fact(*entries: Entry, now: datetime = RECEIVED + HOUR, owed: bool = True) -> Fact:
    """What a story amounts to."""
    return fact_of(Told(ID, "complaint", RECEIVED, owed, entries), now, ZONE)


def test_a_new_case_waits_until_its_due_times() -> None:
    """It is open, in time by itself, and known to turn when the time has passed."""
    found = fact(OPENED)
    assert ("open", "waiting", "waiting") == (found.state, found.call, found.pace)
    assert (date(2026, 7, 2), DUE, False) == (found.day, found.turns_at, found.same_day)
    late = fact(OPENED, now=DUE + HOUR)
    assert ("late", "late", None) == (late.call, late.pace, late.turns_at)


def test_a_story_that_has_not_begun_is_not_late() -> None:
    """Where the case's opening was not heard of yet there is no due time."""
    found = fact(called(RECEIVED + HOUR, "open"), now=DUE + 99 * HOUR)
    assert ("waiting", "waiting", None) == (found.call, found.pace, found.turns_at)


@pytest.mark.parametrize(
    ("at", "state", "owed", "call", "same_day"),
    [
        (DUE, "reached", True, "on_time", False),
        (DUE - HOUR, "reached", True, "on_time", True),
        (DUE + HOUR, "reached", True, "late", False),
        (DUE - HOUR, "unreached", True, "unreached", False),
        (DUE - HOUR, "no_phone", True, "none", False),
        (DUE - HOUR, "open", True, "waiting", False),
        (DUE - HOUR, "open", False, "waiting", False),
    ],
)
def test_a_call_counts_when_somebody_was_reached(
    at: datetime, state: str, owed: bool, call: str, same_day: bool
) -> None:
    """Until 24:00 inclusive; unreached is neither reached nor late, and a try is not yet a call."""
    found = fact(OPENED, called(at, state), owed=owed)
    assert (call, same_day) == (found.call, found.same_day)


def test_whoever_left_no_phone_is_owed_no_call() -> None:
    """However late it is."""
    assert "none" == fact(OPENED, now=DUE + HOUR, owed=False).call


def test_a_second_call_takes_nothing_back() -> None:
    """Somebody was reached in time, whatever a later call met with."""
    again = fact(OPENED, called(DUE - HOUR, "reached"), called(DUE + HOUR, "reached", 2))
    assert "on_time" == again.call


def test_a_follow_up_makes_no_late_call_timely() -> None:
    """Late is late, by when it was due then, whatever is owed anew since."""
    late = (OPENED, called(DUE + HOUR / 2, "reached"))
    assert ("late", "late") == (fact(*late).call, fact(*late, AGAIN).call)


def test_the_clock_stops_when_the_verdict_is_handed_in() -> None:
    """A second look after the due time is not the unit's delay; a verdict after it is."""
    stopped = DUE - HOUR
    waits = clock(stopped, 2, stopped)
    assert "on_time" == fact(OPENED, waits, now=DUE + HOUR).pace
    confirmed = verified(DUE + 9 * HOUR)
    assert "on_time" == fact(OPENED, waits, confirmed, now=DUE + 24 * HOUR).pace
    assert "late" == fact(OPENED, verified(DUE + HOUR), now=DUE + 2 * HOUR).pace


@pytest.mark.parametrize(
    ("story", "same_day"),
    [
        ((verified(DUE - HOUR / 3600),), True),
        ((verified(DUE),), False),
        ((clock(DUE - HOUR, 2, DUE - HOUR),), False),
        ((clock(DUE - HOUR, 2, DUE - HOUR), verified(DUE + HOUR)), True),
        ((clock(DUE + HOUR, 2, DUE + HOUR), verified(DUE + HOUR)), False),
        ((clock(DUE - HOUR, 2, DUE - HOUR), clock(DUE, 3, None)), False),
        ((verified(DUE - HOUR), verified(DUE + HOUR, "partly", 2)), True),
        ((verified(DUE - HOUR), AGAIN), True),
        ((verified(DUE - HOUR), AGAIN, verified(DUE + 25 * HOUR, "partly", 2)), True),
        ((), False),
    ],
    ids=["23:59:59", "24:00", "in review", "confirmed later", "next day", "returned", "changed",
         "opened again", "judged again", "open"],
)  # fmt: skip
def test_verified_the_same_day_by_the_calendar_alone(
    story: tuple[Entry, ...], same_day: bool
) -> None:
    """「當天核查完畢上報」 to the letter: handed in before 24:00 of the day of receipt."""
    assert same_day == fact(OPENED, *story, now=DUE + 48 * HOUR).verified_same_day


def test_what_was_handed_back_has_a_new_end() -> None:
    """Handed back, it runs until another time; what comes after the first verdict moves nothing."""
    back = (clock(DUE - HOUR, 1, DUE - HOUR), clock(DUE + HOUR, 2, None, DUE + 24 * HOUR))
    assert ("waiting", DUE + 24 * HOUR) == (
        fact(OPENED, *back, now=DUE + 2 * HOUR, owed=False).pace,
        fact(OPENED, *back, now=DUE + 2 * HOUR, owed=False).turns_at,
    )
    assert "on_time" == fact(OPENED, *back, verified(DUE + 3 * HOUR)).pace
    late = (OPENED, verified(DUE + HOUR), clock(DUE + 5 * HOUR, 1, None, DUE + 48 * HOUR))
    assert "late" == fact(*late, verified(DUE + 6 * HOUR, "partly", 2)).pace


def test_an_extension_is_a_later_end_of_a_running_clock() -> None:
    """By its end it is in time, and it is counted; what is handed back is no extension."""
    longer = entry(
        "rescheduled", DUE - HOUR, number=1, why="extended", revision=0, callback_due_at=None,
        verification_due_at=(DUE + 72 * HOUR).isoformat(),
    )  # fmt: skip
    given = fact(OPENED, longer, now=DUE + HOUR, owed=False)
    assert ("waiting", DUE + 72 * HOUR, True) == (given.pace, given.turns_at, given.extended)
    found = fact(OPENED, longer, verified(DUE + HOUR))
    assert ("on_time", "substantiated") == (found.pace, found.state)
    assert "late" == fact(OPENED, longer, verified(DUE + 73 * HOUR)).pace
    back = (clock(DUE, 2, DUE), clock(DUE, 3, None))
    assert not fact(OPENED, *back).extended
    stopped = fact(OPENED, longer, clock(DUE + HOUR, 2, DUE + HOUR, DUE + 72 * HOUR))
    assert "on_time" == stopped.pace


def test_the_newest_revision_is_the_state() -> None:
    """Whatever arrived last."""
    entries = (verified(DUE, "substantiated", 2), verified(DUE - HOUR, "unsubstantiated"))
    assert "substantiated" == fact(OPENED, *entries).state


def test_what_people_say_counts_after_the_answer() -> None:
    """Not before there is one."""
    rated = entry("rated", DUE, number=1, revision=1, solved=False, satisfied=True)
    assert (None, None) == (fact(OPENED, rated).solved, fact(OPENED, rated).satisfied)
    found = fact(OPENED, verified(DUE), rated)
    assert (False, True) == (found.solved, found.satisfied)
    newer = fact(OPENED, verified(DUE), rated, verified(DUE + HOUR, number=2))
    assert (None, None) == (newer.solved, newer.satisfied)


def test_a_case_that_is_opened_again_is_in_hand_again() -> None:
    """Until the next verdict; whether the first was in time stays as it was."""
    again = moved(DUE + HOUR, verification_due_at=(DUE + 24 * HOUR).isoformat())
    story = (OPENED, verified(DUE), again)
    assert ("open", "on_time") == (fact(*story).state, fact(*story).pace)
    closed = fact(*story, verified(DUE + 2 * HOUR, "partly", 2))
    assert ("partly", "on_time") == (closed.state, closed.pace)


def test_a_phone_that_was_bound_later_is_owed_a_call() -> None:
    """Within a due time of its own."""
    bound = moved(DUE, callback_due_at=(DUE + 24 * HOUR).isoformat())
    assert "waiting" == fact(OPENED, bound, now=DUE + HOUR, owed=False).call
    called_in_time = fact(OPENED, bound, called(DUE + 2 * HOUR, "reached"), owed=False)
    assert "on_time" == called_in_time.call


def test_a_reward_counts_while_it_is_paid() -> None:
    """Not one that the provider took back."""
    paid = entry("reward_paid", DUE, amount_fen=2000)
    assert 2000 == fact(OPENED, paid).paid_fen
    assert 0 == fact(OPENED, paid, entry("reward_reversed", DUE, amount_fen=2000)).paid_fen


# Newcombe (Statistics in Medicine 17, 1998), table I, method 3.
@pytest.mark.parametrize(
    ("yes", "asked", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(yes: int, asked: int, low: float, high: float) -> None:
    """To the four digits that were printed."""
    found = interval(yes, asked)
    assert found is not None
    assert (low, high) == tuple(round(end, 4) for end in found)


@given(st.integers(0, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(numbers: tuple[int, int]) -> None:
    """Within 0 and 1, whatever the numbers; there is none of nobody."""
    yes, asked = numbers
    found = interval(yes, asked)
    if not asked:
        assert found is None
        return
    assert found is not None
    assert 0 <= found[0] <= yes / asked + 1e-12
    assert yes / asked - 1e-12 <= found[1] <= 1


def test_a_small_number_takes_another_with_it() -> None:
    """5 of 54 late may be seen; 3 of 54 hides also those in time, which would give it away."""
    sums = [Sum("all", ["on_time", "late", "waiting"])]
    assert frozenset() == hidden({"all": 54, "on_time": 49, "late": 5, "waiting": 0}, sums)
    assert {"on_time", "late"} == hidden({"all": 54, "on_time": 51, "late": 3, "waiting": 0}, sums)


def test_two_small_numbers_are_not_enough() -> None:
    """If they must be 1 and 1 to make 2, a third is hidden too."""
    numbers = {"all": 40, "a": 1, "b": 1, "c": 8, "d": 30}
    assert {"a", "b", "c"} == hidden(numbers, [Sum("all", ["a", "b", "c", "d"])])


def test_a_hidden_whole_is_not_the_sum_of_what_is_shown() -> None:
    """Nor a shown whole the one hidden part of it."""
    small = {"year": 30, "july": 3, "june": 27, "july_late": 3, "july_on_time": 0}
    sums = [Sum("year", ["june", "july"]), Sum("july", ["july_late", "july_on_time"])]
    assert {"june", "july", "july_late"} == hidden(small, sums)
    alone = {"all": 9, "one": 9, "of": 9, "rest": 2, "whole": 11}
    assert {"rest", "of", "one", "all"} == hidden(
        alone, [Sum("whole", ["of", "rest"]), Sum("of", ["one"]), Sum("all", ["of"])]
    ) - {"whole"}


OTHERS = ("~same_day", "~verified_same_day", "~extended", "~paid")
MONTHS = [date(2026, month, 1) for month in (5, 6, 7)]


@st.composite
def histories(draw: st.DrawFn) -> dict[date, dict[tuple[str, str], int]]:
    """Months of complaints whose parts add up, many of them small."""
    some = st.one_of(st.integers(0, 7), st.integers(0, 60))
    months: dict[date, dict[tuple[str, str], int]] = {}
    for month in MONTHS:
        row = {name: draw(some) for name in ("state_open", "state_partly", "state_helped")}
        received = sum(row.values())
        late = draw(st.integers(0, received))
        none = draw(st.integers(0, received))
        row |= {"received": received, "pace_late": late, "pace_on_time": received - late}
        row |= {"call_none": none, "call_on_time": received - none, "same_day": received - none}
        months[month] = {("complaint", name): number for name, number in row.items() if number}
    return months


@given(histories())
def test_no_small_number_follows_from_what_is_shown(
    months: dict[date, dict[tuple[str, str], int]],
) -> None:
    """By hand: wherever a sum is shown, what is hidden of it is several and not small together."""
    tables = Tables.of(months)
    shown = {
        (row, name): tables.shown(row, "complaint", name)
        for row, name in product((*MONTHS, None), (*COUNTS, *OTHERS))
        if name != "paid_fen"
    }
    assert [] == [key for key, number in shown.items() if number and number < FEWEST]
    for (row, whole), number in shown.items():
        families = [[(row, part) for part in parts] for parts in PARTS.get(whole, ())]
        if row is None:
            families.append([(month, whole) for month in MONTHS])
        for family in families:
            gone = [key for key in family if shown[key] is None]
            known = sum(shown[key] or 0 for key in family)
            if number is None:
                assert gone
            elif gone:
                assert number - known >= FEWEST
                assert len(gone) > 1


def test_numbers_of_a_month_add_up() -> None:
    """Who did not answer is told, and all months together are a row of their own."""
    told = {
        ("complaint", "received"): 40, ("complaint", "state_partly"): 30,
        ("complaint", "state_open"): 10, ("complaint", "solved_yes"): 12,
        ("complaint", "solved_no"): 8, ("complaint", "call_none"): 10,
        ("complaint", "call_on_time"): 30, ("complaint", "pace_on_time"): 40,
        ("complaint", "same_day"): 20, ("asked", "volunteered_yes"): 50,
        ("asked", "volunteered_no"): 7,
    }  # fmt: skip
    tables = Tables.of({MONTHS[0]: told, MONTHS[1]: told})
    assert 10 == tables.shown(MONTHS[0], "complaint", "solved_silent")
    assert 30 == tables.shown(MONTHS[0], "complaint", "call_owed")
    assert 80 == tables.shown(None, "complaint", "received")
    assert 57 == tables.shown(MONTHS[1], "asked", "volunteered")
    assert 40 == tables.added(MONTHS[0], "complaint", "state_open", "state_partly")
    assert MONTHS[:2] == list(tables.months)


def test_money_is_hidden_with_its_payments() -> None:
    """60.00 yuan are three rewards of 20."""
    told = {("complaint", "received"): 40, ("complaint", "pace_on_time"): 40,
            ("complaint", "call_none"): 40, ("complaint", "state_partly"): 40,
            ("complaint", "paid"): 3, ("complaint", "paid_fen"): 6000}  # fmt: skip
    tables = Tables.of({MONTHS[0]: told})
    assert tables.shown(MONTHS[0], "complaint", "paid_fen") is None
    assert tables.added(MONTHS[0], "complaint", "received", "paid") is None
    assert Cell(None, KINDS[0], "paid").month is None


def test_bars_are_as_high_as_their_numbers() -> None:
    """The highest fills the room; a hidden number has no bar but its place; none are none."""
    high, hidden_one, half = charts.bars([40, None, 20])
    assert (charts.GROUND - charts.TOP, charts.TOP) == (high.height, high.y)
    assert (0, charts.GROUND) == (hidden_one.height, hidden_one.y)
    assert abs(half.height - high.height / 2) <= 1
    assert high.x < hidden_one.x < half.x < half.x + half.width < 100
    assert high.x < high.middle < high.x + high.width
    assert ([], [0, 0]) == (charts.bars([]), [bar.height for bar in charts.bars([0, 0])])


def test_intervals_stand_on_one_scale() -> None:
    """It begins at the tens below the lowest end, and shares keep their order on it."""
    floor, places = charts.ranges([(0.961, 0.955, 0.966), (0.913, 0.888, 0.933)])
    assert 80 == floor
    first, second = places
    assert second.low < second.share < second.high < first.low < first.share < first.high < 100
    assert (0, []) == charts.ranges([])
    assert (90, 100.0) == (
        charts.ranges([(1, 0.99, 1)])[0],
        charts.ranges([(1, 0.99, 1)])[1][0].high,
    )
