"""What the rules of scoring make of every kind of verdict, and of days at the edge of a year."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.api import months_of
from services.scoring.rules import assessment, plan, strikes
from services.scoring.rules.values import Cause, Demand, Fact, Mark, Scope, Subject
from shared.events import Attribution, CaseVerified, Verdict
from shared.policy import Policies
from tests.unit.scoring_books import DAY, POLICIES, POLICY, Books, verdict

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICER = Scope("officer", "170001")
TICK = timedelta(microseconds=1)
# 「態度冷淡」「多跑腿」「推諉扯皮」「效率低下」 and the rest: the costs, by who answers for it.
TABLE = {
    "cold_attitude": (200, 100),
    "extra_trips": (200, 200),
    "buck_passing": (300, 300),
    "inefficiency": (200, 200),
    "nobody_at_window": (200, 300),
    "other": (100, 100),
}


def cost(event: CaseVerified) -> int:
    """What a verdict takes from its unit."""
    return assessment.points_of(Fact.of(event), POLICY)


@pytest.mark.parametrize("category", TABLE)
def test_the_table_of_deductions(category: str) -> None:
    """Each category costs what the policy says, half of it where the complaint is partly true."""
    for attribution, full in zip(("officers", "unit"), TABLE[category], strict=True):
        for found, wanted in (("substantiated", full), ("partly", full // 2)):
            event = verdict(verdict=found, attribution=attribution, categories=(category,))  # type: ignore[arg-type]
            assert wanted == cost(event), (attribution, found)


@pytest.mark.parametrize("found", get_args(Verdict))
@pytest.mark.parametrize("attribution", get_args(Attribution))
@pytest.mark.parametrize("kind", ["complaint", "request", "rating"])
def test_who_pays_for_what_was_found(found: Verdict, attribution: Attribution, kind: str) -> None:
    """「經核查屬實的,通報批評并扣除…分值」: points where somebody answers, marks on the named."""
    event = verdict(kind=kind, verdict=found, attribution=attribution)
    true = kind == "complaint" and found in ("substantiated", "partly")
    wanted = set()
    if true:
        wanted.add("criticism")
    if true and attribution in ("officers", "unit"):
        wanted.add(found)
    if true and attribution == "officers":
        wanted.add("strike")
    assert wanted == {change.demand.cause.rule for change in Books().take(event)}


@given(st.sets(st.sampled_from(sorted(TABLE)), min_size=1))
def test_the_dearest_category_decides(categories: set[str]) -> None:
    """However many categories a case has, it costs as much as the dearest of them alone."""
    for attribution, column in (("officers", 0), ("unit", 1)):
        event = verdict(attribution=attribution, categories=tuple(categories))  # type: ignore[arg-type]
        assert max(TABLE[one][column] for one in categories) == cost(event)


def test_a_category_of_another_edition_costs_the_smallest() -> None:
    """What this policy does not know is not free, and takes nothing from what it knows."""
    assert 100 == cost(verdict(categories=("abolished",)))
    assert 300 == cost(verdict(categories=("abolished", "buck_passing")))


@pytest.mark.parametrize(("percent", "wanted"), [(0, 0), (1, 2), (33, 66), (50, 100), (100, 200)])
def test_a_part_is_rounded_down(percent: int, wanted: int) -> None:
    """Whole centipoints, never more than the policy's part."""
    part = POLICY.assessment.model_copy(update={"partly_percent": percent})
    fact = Fact.of(verdict(verdict="partly"))
    assert wanted == assessment.points_of(fact, POLICY.model_copy(update={"assessment": part}))


def test_a_part_of_nothing_is_no_entry() -> None:
    """Where `partly` costs 0 %, no line of nothing is written into the ledger."""
    part = POLICY.assessment.model_copy(update={"partly_percent": 0})
    free = Policies([POLICY.model_copy(update={"assessment": part})])
    fact = Fact.of(verdict(verdict="partly"))
    assert [] == list(assessment.deductions(Scope("case", str(fact.case_id)), [fact], free))


def test_each_case_is_judged_by_the_policy_of_its_day() -> None:
    """A dearer edition from 1 April on: the complaint of the evening before costs the old price."""
    dearer = POLICY.assessment.model_copy(
        update={"officers_centipoints": dict.fromkeys(TABLE, 900)}
    )
    april = POLICY.model_copy(update={"effective_from": date(2026, 4, 1), "assessment": dearer})
    both = Policies([POLICY, april])
    midnight = datetime(2026, 4, 1, tzinfo=SHANGHAI)
    paid = [
        assessment.points_of(Fact.of(verdict(received_at=at)), both.at(at))
        for at in (midnight - TICK, midnight)
    ]
    assert [200, 900] == paid


def numbers(*days: datetime, policies: Policies = POLICIES) -> list[int]:
    """Which strike each of these complaints is, one incident each."""
    marks = [Mark("170001", UUID(int=n), UUID(int=n), "u", at) for n, at in enumerate(days)]
    return [strike.number for strike in strikes.strikes_of(marks, policies)]


def rolling() -> Policies:
    """The same policy with the other window."""
    window = POLICY.strikes.model_copy(update={"window": "rolling_365_days"})
    return Policies([POLICY.model_copy(update={"strikes": window})])


NEW_YEAR = datetime(2027, 1, 1, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (NEW_YEAR - TICK, NEW_YEAR, [1, 1]),
        (NEW_YEAR, NEW_YEAR + TICK, [1, 2]),
        (NEW_YEAR - timedelta(days=365), NEW_YEAR - TICK, [1, 2]),
        (NEW_YEAR, NEW_YEAR + timedelta(days=365) - TICK, [1, 2]),
        (NEW_YEAR, NEW_YEAR + timedelta(days=365), [1, 1]),
    ],
)
def test_the_calendar_year_begins_at_midnight_in_china(
    first: datetime, second: datetime, wanted: list[int]
) -> None:
    """「年內」: 31 December to its last microsecond is the old year, wherever the server stands."""
    assert wanted == numbers(first, second)
    assert wanted == numbers(first.astimezone(UTC), second.astimezone(UTC))


def test_a_leap_year_has_a_day_more() -> None:
    """29 February and 31 December of 2028 belong together; day 366 is still 2028."""
    leap = datetime(2028, 2, 29, 12, tzinfo=SHANGHAI)
    assert [1, 2] == numbers(leap, datetime(2028, 12, 31, 23, 59, tzinfo=SHANGHAI))
    start = datetime(2028, 1, 1, tzinfo=SHANGHAI)
    assert [1, 2] == numbers(start, start + timedelta(days=365))
    assert [1, 1] == numbers(start, start + timedelta(days=366))


@pytest.mark.parametrize("start", [DAY, datetime(2028, 2, 29, 12, tzinfo=UTC), NEW_YEAR])
def test_the_rolling_window_is_365_days_whatever_the_calendar(start: datetime) -> None:
    """A microsecond less counts with the first, exactly 365 days do not, leap day or no."""
    year = timedelta(days=365)
    assert [1, 2] == numbers(start, start + year - TICK, policies=rolling())
    assert [1, 1] == numbers(start, start + year, policies=rolling())


def test_the_rolling_window_forgets_one_after_the_other() -> None:
    """A complaint each quarter is 1 to 4; with the first a year old, the fifth is the fourth."""
    days = [DAY + timedelta(days=92 * n) for n in range(5)]
    assert [1, 2, 3, 4, 4] == numbers(*days, policies=rolling())


def test_strikes_at_the_same_moment_keep_one_order() -> None:
    """Two incidents received in the same microsecond are numbered by case, in any order given."""
    marks = [Mark("170001", UUID(int=n), UUID(int=n), "u", DAY) for n in (1, 2, 3)]
    orders = {
        tuple(s.first.case_id for s in strikes.strikes_of(given, POLICIES))
        for given in permutations(marks)
    }
    assert {(UUID(int=1), UUID(int=2), UUID(int=3))} == orders


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))


@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_every_year_counts_from_one_without_gaps(days: list[datetime]) -> None:
    """Within each calendar year at the bureau the numbers are 1, 2, 3 … in the order of receipt."""
    ordered = sorted(days)
    seen: Counter[int] = Counter()
    wanted = []
    for at in ordered:
        seen[at.astimezone(SHANGHAI).year] += 1
        wanted.append(seen[at.astimezone(SHANGHAI).year])
    assert wanted == numbers(*ordered)


@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_a_rolling_number_is_how_many_lie_within_a_year(days: list[datetime]) -> None:
    """Counted by hand for each complaint, back from itself."""
    ordered = sorted(days)
    wanted = [
        sum(at - timedelta(days=365) < other <= at for other in ordered[: place + 1])
        for place, at in enumerate(ordered)
    ]
    assert wanted == numbers(*ordered, policies=rolling())


def crossed(number: int) -> Iterable[tuple[str, int]]:
    """What so many strikes in a year cost further, together."""
    books = Books()
    for case in range(1, number + 1):
        books.take(verdict(case, received_at=DAY + timedelta(days=case)))
    return sorted(
        (demand.cause.rule, demand.centipoints)
        for demand in books.under("accountability", "transfer").elements()
    )


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (1, []),
        (2, [("accountability", 200)]),
        (3, [("accountability", 200), ("transfer", 500)]),
        (5, [("accountability", 200), ("transfer", 500)]),
    ],
)
def test_the_second_is_accountability_and_the_third_transfer(
    number: int, wanted: list[tuple[str, int]]
) -> None:
    """「2次…責任追究」「3次…調離」: each line is crossed once, and further strikes cross none."""
    assert wanted == crossed(number)


def test_a_line_that_costs_nothing_is_still_crossed() -> None:
    """A bureau may hold accountable without points: then only the signature is wanted."""
    free = POLICY.strikes.model_copy(update={"accountability_centipoints": 0})
    policies = Policies([POLICY.model_copy(update={"strikes": free})])
    facts = [Fact.of(verdict(n, received_at=DAY + timedelta(days=n))) for n in (1, 2)]
    [demand] = strikes.sanctions(OFFICER, facts, policies)
    assert ("accountability", 0) == (demand.cause.rule, demand.centipoints)


def test_the_unit_of_the_crossing_strike_pays() -> None:
    """An officer who moved: the second strike's unit is charged, not the first one's."""
    books = Books()
    books.take(verdict(1, unit_code="old"))
    books.take(verdict(2, unit_code="new", received_at=DAY + timedelta(days=9)))
    [sanction] = books.under("accountability")
    assert (Subject("unit", "new"), "2026") == (sanction.subject, sanction.period)


def test_a_case_with_two_officers_marks_both_and_charges_once() -> None:
    """The deduction is the case's; the marks are each officer's own."""
    books = Books()
    books.take(verdict(officers=("170001", "170002")))
    assert {"170001", "170002"} == {demand.subject.id for demand in books.under("strike")}
    assert -200 == books.balances["411702001"]


def final(events: Iterable[CaseVerified]) -> Counter[Demand]:
    """What is in force after these verdicts."""
    books = Books()
    for event in events:
        books.take(event)
    return +books.in_force


def test_all_orders_of_a_merge_and_a_withdrawal_end_alike() -> None:
    """Two cases become one incident, one is moved to another unit, one falls: all 120 orders."""
    events = [
        verdict(1, 1, incident=1),
        verdict(1, 2, incident=2, unit_code="411702002"),
        verdict(2, 1, incident=2, received_at=DAY + timedelta(days=1)),
        verdict(3, 1, received_at=DAY + timedelta(days=2)),
        verdict(3, 2, verdict="unsubstantiated", attribution="none", officers=()),
    ]
    ends = {frozenset(final(order).items()) for order in permutations(events)}
    assert 1 == len(ends)
    assert final([events[1], events[2], events[4]]) == Counter(dict(next(iter(ends))))


@given(st.permutations([(case, revision) for case in (1, 2, 3) for revision in (1, 2, 3)]))
def test_any_order_of_nine_revisions_ends_alike(order: list[tuple[int, int]]) -> None:
    """Found true, withdrawn, found true in part: three cases, whatever comes first."""
    found: dict[int, Verdict] = {1: "substantiated", 2: "unsubstantiated", 3: "partly"}
    arrived = [verdict(c, r, verdict=found[r], received_at=DAY + timedelta(c)) for c, r in order]
    assert final(verdict(c, 3, verdict="partly", received_at=DAY + timedelta(c))
                 for c in (1, 2, 3)) == final(arrived)  # fmt: skip


def test_a_change_keeps_the_books_balanced() -> None:
    """What comes into force takes, what is taken back returns exactly that."""
    books = Books()
    taken = books.take(verdict())
    returned = books.take(verdict(1, 2, verdict="helped"))
    assert Counter(c.demand for c in taken) == Counter(c.demand for c in returned)
    assert 0 == sum(c.delta_centipoints for c in [*taken, *returned])


def test_scopes_name_the_old_and_the_new_officer() -> None:
    """A verdict that moves a mark makes the plan look at both officers, once each."""
    before = Fact.of(verdict(officers=("170001",)))
    now = Fact.of(verdict(1, 2, officers=("170002", "170001")))
    scopes = plan.scopes_of([before, now])
    assert ["170001", "170002"] == [scope.id for scope in scopes if scope.kind == "officer"]
    assert scopes == sorted(set(scopes))


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, (True, True, True)),
        ({"attribution": "unit"}, (True, False, True)),
        ({"verdict": "helped"}, (True, False, False)),
        ({"kind": "request"}, (True, False, False)),
        ({"officers": ()}, (True, False, True)),
        ({"unit_code": "other"}, (True, True, False)),
    ],
)
def test_which_scope_holds_a_fact(changes: dict[str, str], held: tuple[bool, ...]) -> None:
    """A case always; its named officers and its unit only while the fact counts for them."""
    fact = Fact.of(verdict(**changes))  # type: ignore[arg-type]
    scopes = (Scope("case", str(fact.case_id)), OFFICER, Scope("unit", "411702001"))
    assert held == tuple(scope.holds(fact) for scope in scopes)


def test_an_unknown_year_of_a_strike_is_impossible() -> None:
    """Every demand of a mark carries the year that its ledger needs."""
    demands = list(strikes.marks(Scope("case", "x"), [Fact.of(verdict())], POLICIES))
    assert ["2026"] == [demand.period for demand in demands]
    assert [Cause("strike", Scope("case", "x"), UUID(int=1001))] == [d.cause for d in demands]
    assert [] == months_of([])
