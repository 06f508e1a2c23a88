"""The recount of `make simulate`: the rules by hand, and its days beside the program's own."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulate.facts import (
    Alerted,
    Appealed,
    Bound,
    Called,
    Decided,
    Extended,
    Fact,
    Filed,
    Followed,
    Joined,
    Judged,
    Left,
    Opened,
    Paid,
    Reviewed,
    Settled,
    Signed,
    Swept,
)
from deploy.simulate.recount import messages, notices, rates, scores, signatures
from deploy.simulate.recount.alerts import Alerts
from deploy.simulate.recount.edition import Book
from deploy.simulate.recount.money import Money
from deploy.simulate.recount.orders import orders
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import airtime
from shared import policy
from shared.policy import promises
from shared.values import phone
from tests.conftest import ROOT

FILE = ROOT / "deploy" / "policy.toml"
PRESETS = sorted((ROOT / "deploy" / "policies").glob("*.toml"))
WORDS = ("明天考试，身份证丢了。", "no heating", "detained")
BOOK, POLICIES = Book.read(FILE), policy.load(FILE)
ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONE = "+8613900000001"


def at(text: str) -> datetime:
    """A moment at the bureau."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


NOON = at("2026-03-02T12:00")


def case(
    name: str, received: datetime = NOON, unit: str = "u1", number: str = PHONE, officer: str = ""
) -> list[Fact]:
    """A complaint and its case."""
    filed = Filed(received, f"s{name}", unit, "complaint", 1, ("other",), "…", number, officer)
    return [filed, Opened(received, name, f"s{name}")]


def found(
    name: str,
    when: datetime,
    verdict: str = "substantiated",
    officers: Sequence[str] = ("A",),
    joins: str = "",
    role: str = "unit_operator",
) -> Judged:
    """A verdict that names officers, or else the unit; of what is not true nobody."""
    true = verdict in ("substantiated", "partly")
    attribution = ("officers" if officers else "unit") if true else "none"
    named = tuple(officers) if true else ()
    return Judged(when, name, "x", role, verdict, attribution, named, ("other",), joins)


def told(*facts: list[Fact] | Fact) -> Stories:
    """The stories of these."""
    flat = [one for some in facts for one in (some if isinstance(some, list) else [some])]
    return Stories(flat, BOOK)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@cache
def read(file: Path) -> tuple[policy.Policies, Book]:
    """A policy as the program has it, and as the recount has."""
    return policy.load(file), Book.read(file)


@pytest.mark.parametrize("file", [FILE, *PRESETS], ids=lambda file: file.stem)
@given(moments, st.booleans(), st.sampled_from(["", *WORDS]), st.data())
def test_its_days_are_the_programs(
    file: Path, received: datetime, bare: bool, words: str, data: st.DataObject
) -> None:
    """Two ways of counting come to the same due times, whatever the policy."""
    program, book = read(file)
    rule, edition = program.at(received), book.at(received)
    categories = data.draw(st.sets(st.sampled_from(sorted(rule.category_keys))))
    urgent = edition.urgent("request", words)
    found = [
        edition.due(received, part, sorted(categories), urgent=urgent)
        for part in ("callback", "verification")
    ]
    if bare:
        days = rule.verification.bare_working_days
        found[1] = edition.midnight(edition.working_days_after(edition.day(received), days))
    graded = promises.Graded(categories, urgent)
    assert tuple(found) == promises.due(received, rule, graded, bare=bare)


@pytest.mark.parametrize(
    "number", ["+8613900000001", "+8617010000000", "+8639620000001", "+8619900000001"]
)
def test_it_knows_which_phones_get_airtime(number: str) -> None:
    """Of all kinds that a simulation draws."""
    assert phone.use(number).airtime == airtime(number)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-02T18:00:00", "2026-03-03T00:00"),
        ("2026-03-02T18:00:01", "2026-03-04T00:00"),
        ("2026-03-02T23:50:00", "2026-03-04T00:00"),
        ("2026-12-31T18:00:01", "2027-01-02T00:00"),
        ("2028-02-28T18:00:01", "2028-03-01T00:00"),
    ],
)
def test_when_a_verification_is_due(received: str, due: str) -> None:
    """「當天核查完畢上報」: by the cutoff that day, later the next."""
    (story,) = told(case("c", at(received)))
    assert at(due) == story.spans[0].due


def test_notices_climb_until_somebody_reports() -> None:
    """「對超期報送核查情況的單位下發督辦通知」: when due, then each 24 h a level higher."""
    sweeps: list[Fact] = [Swept(NOON + n * HOUR) for n in range(200)]
    due = at("2026-03-03T00:00")
    story = told(case("c"), found("c", due + 25 * HOUR), sweeps)
    assert {("c", due, 1, "unit"), ("c", due, 2, "county")} == notices.expected(story)
    assert set() == notices.expected(told(case("c"), found("c", due), sweeps))


def test_after_an_outage_only_what_is_still_late_is_told() -> None:
    """Whoever reported while nothing ran, or before it ran again, gets no notice."""
    due = at("2026-03-03T00:00")
    sweeps: list[Fact] = [Swept(due - HOUR), Swept(due + 26 * HOUR)]
    late = told(case("c"), found("c", due + 27 * HOUR), sweeps)
    assert {1, 2} == {level for _, _, level, _ in notices.expected(late)}
    assert set() == notices.expected(told(case("c"), found("c", due + HOUR), sweeps))


def test_more_time_begins_the_ladder_anew() -> None:
    """A moved deadline re-arms the levels."""
    sweeps: list[Fact] = [Swept(NOON + n * HOUR) for n in range(200)]
    story = told(case("c"), Extended(NOON + HOUR, "c", 2), found("c", NOON + 4 * DAY), sweeps)
    deadlines = {deadline for _, deadline, _, _ in notices.expected(story)}
    assert {at("2026-03-05T00:00")} == deadlines


def test_points_go_and_come_back() -> None:
    """A verdict that was revised down costs nothing any more, once somebody confirmed it."""
    facts = [*case("c"), found("c", NOON + HOUR)]
    assert {"u1": 100} == scores.points(told(facts))
    facts.append(found("c", NOON + DAY, "unsubstantiated", role="city_supervisor"))
    assert {"u1": 100} == scores.points(told(facts))
    facts.append(Reviewed(NOON + 2 * DAY, "c", "y", "confirm"))
    assert {} == scores.points(told(facts))


def _three(*days: int) -> list[Fact]:
    facts: list[Fact] = []
    for n, day in enumerate(days):
        when = NOON + day * DAY
        facts += [*case(f"c{n}", when), found(f"c{n}", when + HOUR)]
    return facts


def test_second_and_third_strike_of_a_year() -> None:
    """「2次的民警進行責任追究」「3次的民警予以調離」, and what their units pay for it."""
    story = told(_three(0, 40, 80))
    assert {("accountability", "A", "2026"), ("transfer", "A", "2026")} == scores.sanctions(story)
    assert {"u1": 3 * 100 + 200 + 500} == scores.points(story)
    assert set() == scores.sanctions(told(_three(0, 320)))


def test_one_incident_is_one_strike() -> None:
    """Joined and confirmed; a case that is taken out again is a strike of its own."""
    facts = [*case("a"), found("a", NOON + HOUR), *case("b", NOON + HOUR)]
    facts += [found("b", NOON + 2 * HOUR, joins="a"), Reviewed(NOON + DAY, "b", "y", "confirm")]
    assert [frozenset("ab")] == [one.cases for one in scores.strikes(told(facts))]
    facts.append(Joined(NOON + 2 * DAY, "b", "b"))
    assert {1, 2} == {one.number for one in scores.strikes(told(facts))}


def test_prominent_months_in_a_row() -> None:
    """「對連續兩個月反映問題突出的單位約談其主要領導」; a third in a row is asked again."""
    story = told(_three(0, 1, 2, 31, 32, 33, 61, 62, 63))
    interviews = {one for one in scores.sanctions(story) if one[0] == "interview"}
    assert {("interview", "u1", "2026-04"), ("interview", "u1", "2026-05")} == interviews


def _money(*facts: list[Fact] | Fact) -> dict[str, tuple[str, str]]:
    story = told(*facts)
    money = Money(story, frozenset(["+8619900000001"]))
    money.count(story.facts)
    assert [] == money.strange
    return {case: (one.state, one.reason) for case, one in money.rewards.items()}


def test_rewards_are_earned_sent_and_lost() -> None:
    """「核查屬實的在2日內獎勵20元話費」; what was paid stays paid."""
    own = orders("c")[0]
    earned: list[Fact] = [*case("c"), found("c", NOON + HOUR)]
    lost: list[Fact] = [
        found("c", NOON + 2 * DAY, "unsubstantiated"),
        Reviewed(NOON + 3 * DAY, "c", "y", "confirm"),
    ]
    paid: list[Fact] = [Left(NOON + 2 * HOUR, own, PHONE, 2000), Paid(NOON + 2 * HOUR, own)]
    assert {"c": ("ready", "")} == _money(earned)
    assert {"c": ("refused", "verdict_changed")} == _money(earned, lost)
    assert {"c": ("paid", "")} == _money(earned, paid, lost)


def test_rewards_are_held_for_a_second_person() -> None:
    """Phones of the roster, too many of an incident; and what that person says."""
    roster = [*case("c", number="+8619900000001"), found("c", NOON + HOUR)]
    assert {"c": ("held", "roster_phone")} == _money(roster)
    assert {"c": ("refused", "by_hand")} == _money(roster, Decided(NOON + DAY, "c", approved=False))
    both = [*case("a"), found("a", NOON + HOUR), *case("b", NOON + HOUR),
            found("b", NOON + 2 * HOUR, joins="a"),
            Reviewed(NOON + DAY, "b", "y", "confirm")]  # fmt: skip
    assert ("held", "phone_incident_cap") == _money(both)["b"]


def test_a_phone_may_come_later() -> None:
    """Bound after the verdict, it is rewarded then."""
    without = [*case("c", number=""), found("c", NOON + HOUR)]
    assert {} == _money(without)
    assert {"c": ("ready", "")} == _money(without, Bound(NOON + DAY, "sc", PHONE))


def test_rates_count_what_was_reached() -> None:
    """Done is reached, three attempts far enough apart are not; what is open again was done."""
    calls: list[Fact] = [Called(NOON + n * HOUR, "c", "no_answer") for n in range(1, 4)]
    assert 0 == rates.counted(told(case("c"), calls))["called_back"]
    assert "unreached" == next(iter(told(case("c"), calls))).callback
    reached = Called(NOON + 20 * HOUR, "c", "reached")
    figures = rates.counted(told(case("c"), calls, reached))
    assert (1, 0, 0) == tuple(figures[f"called_back{end}"] for end in ("", "_in_time", "_same_day"))
    judged = rates.counted(told(case("c"), found("c", NOON + 13 * HOUR)))
    assert (1, 0, 0) == tuple(judged[f"verified{end}"] for end in ("", "_in_time", "_same_day"))
    facts = [*case("c"), reached, found("c", NOON + DAY), Followed(NOON + 2 * DAY, "sc")]
    again = rates.counted(told(facts)) | rates.desk(told(facts))
    assert (1, 1, 1) == tuple(again[name] for name in ("called_back", "verified", "open"))


def test_a_case_is_judged_by_the_edition_of_its_day() -> None:
    """The one in force when it was received."""
    later = {**BOOK.editions[0].rule, "effective_from": date(2026, 6, 1)}
    book = Book([BOOK.editions[0], type(BOOK.editions[0])(later)])
    days = [book.at(at(f"2026-{day}")).rule["effective_from"] for day in ("05-31", "06-01")]
    assert [date(2019, 5, 15), date(2026, 6, 1)] == days


def test_who_is_thanked() -> None:
    """「以短信的方式感謝群眾」: who complained and has a phone for it; of the money who got it."""
    own = orders("a")[0]
    story = told(
        case("a"), found("a", NOON + HOUR), Left(NOON + DAY, own, PHONE, 2000),
        Paid(NOON + DAY, own), case("b", number=""), found("b", NOON + HOUR, "helped"),
        case("c", number="+8617010000000"), found("c", NOON + HOUR, "helped"),
        case("d"),
    )  # fmt: skip
    money = Money(story, frozenset())
    money.count(story.facts)
    assert {("a", "thanks"), ("a", "paid"), ("c", "thanks")} == messages.expected(story, money)


def test_whose_duty_money_is_hears_of_it() -> None:
    """Half a day before two days end, again each day, and no more once it is paid."""
    own, due = orders("c")[0], at("2026-03-05T00:00")
    earned: list[Fact] = [*case("c"), found("c", NOON + HOUR)]
    looks = [Alerted(due + n * DAY - 10.5 * HOUR) for n in range(3)]
    paid = Paid(due + 12 * HOUR, own)
    days = [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)]

    def alerts(*facts: list[Fact] | Fact) -> Alerts:
        money = Money(told(earned, *facts), frozenset())
        money.count(money.stories.facts)
        return money.alerts

    assert (set(days), set()) == alerts(*looks).wrong([])
    assert ({days[0]}, {date(2026, 3, 3)}) == alerts(looks[0]).wrong([date(2026, 3, 3)])
    assert (set(), set()) == alerts(Alerted(due - 2 * HOUR), Alerted(due + 7 * HOUR)).wrong([])
    # Just paid: whether the program has heard of it is its own affair; days later it has.
    assert ({days[0]}, set()) == alerts(looks[0], paid, looks[1]).wrong([days[1]])
    late = Alerted(due + 9 * DAY)
    assert (set(), {date(2026, 3, 14)}) == alerts(paid, late).wrong([date(2026, 3, 14)])


@pytest.mark.parametrize("overturned", [True, False])
def test_a_sanction_waits_for_what_an_appeal_has_overturned(*, overturned: bool) -> None:
    """Its new verdict waits for a second look: the strike may still fall, long after the window."""
    late = NOON + 30 * DAY
    facts = [
        *case("c"), found("c", NOON + HOUR), Appealed(late - 25 * DAY, "c", "A"),
        *case("d"), found("d", NOON + HOUR),
        Settled(late - HOUR, "c", "A", overturned),
        *([found("c", late - HOUR, "unsubstantiated")] if overturned else []),
    ]  # fmt: skip
    refused = Signed(late, "accountability", "A", ("c", "d"), taken=False)
    taken = Signed(late, "accountability", "A", ("c", "d"), taken=True)
    assert [taken if overturned else refused] == list(
        signatures.wrong(told([*facts, refused, taken]))
    )


@pytest.mark.parametrize(("cases", "right"), [("ce", True), ("cd", False), ("c", False)])
def test_a_sanction_is_signed_for_the_strikes_that_stand(cases: str, *, right: bool) -> None:
    """「年內…屬實次數2次」: one fell, another came; what is signed counts the two that are left."""
    late = NOON + 30 * DAY
    facts = [
        *(fact for name in "cde" for fact in (*case(name), found(name, NOON + HOUR))),
        found("d", NOON + 2 * DAY, "unsubstantiated"),
        Reviewed(NOON + 2 * DAY, "d", "boss", "confirm"),
    ]  # fmt: skip
    signed = Signed(late, "accountability", "A", tuple(cases), taken=True)
    assert ([] if right else [signed]) == list(signatures.wrong(told([*facts, signed])))
