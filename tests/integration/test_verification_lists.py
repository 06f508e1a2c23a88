"""The inbox's lists: any page size walks every case exactly once, in the order that people need."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.verification.casework import listing, queries
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import lists
from services.verification.casework.store.figures import get_figures
from shared import access
from shared.db import Connection, Database
from shared.values import clock
from tests.integration.verification_case import HOME, PEOPLE, Casework
from tests.integration.verification_office import FAR_UNIT, OTHER_UNIT, PHONE, UNIT
from tests.support import at

SERVICE = "verification"
MORNING = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
ANYTHING = settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.fixture
def morning() -> Iterator[None]:
    """It is nine o'clock."""
    with at(MORNING):
        yield


@pytest.fixture
async def work(conn: Connection, morning: None) -> Casework:
    """Cases of three units, three kinds, four days: some urgent, reached, judged or in review."""
    work = await Casework.begun(conn)
    for number, unit in enumerate((UNIT, OTHER_UNIT, FAR_UNIT) * 5):
        case_id = await work.open(
            unit_code=unit, urgent=number % 4 == 0,
            kind=("complaint", "request")[number % 2], phone=None if number % 3 else PHONE,
            received_at=MORNING - timedelta(days=number % 4, minutes=number // 4),
            officer_badge="170001" if number == 3 else None,
            categories=("cold_attitude", "inefficiency") if number % 3 else ("inefficiency",),
        )  # fmt: skip
        if number % 3 == 0 and number % 2:
            await work.call("city", case_id, "reached")
        if number % 5 == 1:
            await work.judge("city", case_id, "helped")
        if number % 5 == 2:
            await work.judge("desk" if unit == UNIT else "city", case_id, "unverifiable")
        if number % 4 == 2:
            lead = ("county", "city", "desk")[number % 3]
            await conn.execute("UPDATE cases SET lead = $2 WHERE case_id = $1", case_id, lead)
    return work


async def walk(work: Casework, who: str, limit: int, /, **query: Any) -> list[Case]:
    """All pages of a list, following the cursors."""
    found: list[Case] = []
    cursor = None
    for _ in range(40):
        values = {"limit": limit, "cursor": cursor, **query}
        asked = queries.ListQuery.model_validate({k: v for k, v in values.items() if v})
        page = await listing.list_page(work.conn, PEOPLE[who], asked)
        assert len(page.cases) <= limit
        found += page.cases
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the cursors go round")


async def everything(work: Casework) -> list[Case]:
    """All cases, however they stand."""
    rows = await work.conn.fetch("SELECT case_id FROM cases")
    return [await work.stands(row["case_id"]) for row in rows]


def is_below(case: Case, who: str) -> bool:
    """Whether a case is at or below somebody's place, and not kept from them."""
    units = {
        "desk": {UNIT}, "accused": {UNIT}, "neighbour": {OTHER_UNIT}, "elsewhere": {FAR_UNIT},
        "county": {UNIT, OTHER_UNIT}, "city": {UNIT, OTHER_UNIT, FAR_UNIT},
    }[who]  # fmt: skip
    return case.unit_code in units and case.recused.isdisjoint(access.identities(PEOPLE[who]))


def matches(case: Case, query: dict[str, Any], who: str) -> bool:
    """Whether a case belongs into a list, told without SQL."""
    state, due = query.get("state", "work"), query.get("due")
    if state not in ("work", "all", case.state):
        return False
    if query.get("unit") not in (None, case.unit_code):
        return False
    if query.get("category") not in (None, *case.categories):
        return False
    steps = {
        "call": case.callback_state == "open", "check": case.state == "open",
        "review": case.review_due_at is not None,
    }  # fmt: skip
    lead = query.get("who")
    if lead and case.lead != {"@me": who, "@nobody": None}.get(lead, lead):
        return False
    if not steps.get(query.get("step", ""), True) or (query.get("urgent") and not case.urgent):
        return False
    if due is None:
        return state in ("all", "verified") or case.next_due_at is not None
    until = clock.now() if due == "late" else listing.end_of_today()
    return case.next_due_at is not None and case.next_due_at <= until


def order(query: dict[str, Any]) -> Any:
    """By what a list is sorted."""
    if query.get("state") in ("all", "verified") and not query.get("due"):
        return lambda case: -case.case_id.int
    return lambda case: (not case.urgent, case.next_due_at, case.case_id.bytes)


@ANYTHING
@given(
    limit=st.integers(1, 20),
    who=st.sampled_from(["desk", "accused", "neighbour", "county", "elsewhere", "city"]),
    state=st.sampled_from(["work", "all", "open", "in_review", "verified"]),
    due=st.sampled_from([None, None, "today", "late"]),
    unit=st.sampled_from([None, None, UNIT, FAR_UNIT, "nowhere"]),
    narrow=st.sampled_from(
        [
            {},
            {},
            {"category": "cold_attitude"},
            {"category": "nothing"},
            {"step": "call"},
            {"step": "check"},
            {"step": "review"},
            {"urgent": True},
            {"who": "@me"},
            {"who": "@nobody"},
            {"who": "county"},
        ]
    ),
)
async def test_every_case_once_and_in_order(
    work: Casework,
    limit: int,
    who: str,
    state: str,
    due: str | None,
    unit: str | None,
    narrow: dict[str, Any],
) -> None:
    """Whatever is asked, by whom, in pages of any size: the right cases, once each, sorted."""
    query = {"state": state, "due": due, "unit": unit, **narrow}
    expected = [c for c in await everything(work) if is_below(c, who) and matches(c, query, who)]
    found = await walk(work, who, limit, **query)
    ids = [case.case_id for case in found]
    assert [c.case_id for c in sorted(expected, key=order(query))] == ids


async def test_the_fixture_has_cases_of_every_sort(work: Casework) -> None:
    """The property above would be empty without late, reviewed, final and urgent cases."""
    cases = await everything(work)
    assert {"open", "in_review", "verified"} == {case.state for case in cases}
    assert {"open", "reached", "no_phone"} == {case.callback_state for case in cases}
    assert 15 == len(cases)
    assert {True, False} == {case.urgent for case in cases}
    assert any(case.next_due_at is None for case in cases)
    assert any(case.review_due_at for case in cases)


async def test_cases_of_one_moment_are_still_apart(work: Casework) -> None:
    """Twenty cases due at the same moment are walked by their ids, none twice and none lost."""
    twins = {await work.open(received_at=MORNING) for _ in range(20)}
    for limit in (1, 3, 7):
        found = [case.case_id for case in await walk(work, "desk", limit)]
        assert len(found) == len(set(found))
        assert twins <= set(found)


async def test_what_is_done_between_two_pages_moves_nothing_else(work: Casework) -> None:
    """A case that is settled while somebody turns the page neither hides nor repeats another."""
    before = [case.case_id for case in await walk(work, "city", 100)]
    first = await listing.list_page(work.conn, PEOPLE["city"], queries.ListQuery(limit=4))
    for case in first.cases:
        await work.conn.execute(
            """UPDATE cases SET state = 'verified', verdict = 'helped', revision = 1,
                      verified_at = now(), final_at = now(), review_due_at = NULL,
                      word_owed = NULL, word_due_at = NULL,
                      callback_state = CASE WHEN phone_sealed IS NULL THEN 'no_phone'
                          ELSE 'reached' END,
                      callback_settled_at = CASE WHEN phone_sealed IS NULL THEN NULL
                          ELSE now() END
               WHERE case_id = $1""",
            case.case_id,
        )
    second = await listing.list_page(
        work.conn, PEOPLE["city"], queries.ListQuery(limit=4, cursor=first.cursor)
    )
    assert before[4:8] == [case.case_id for case in second.cases]


async def test_a_submission_is_found_by_its_id(work: Casework) -> None:
    """One case or none; for a stranger there is none."""
    case = await work.stands(await work.open(unit_code=FAR_UNIT))
    query = queries.ListQuery(submission_id=case.submission_id, limit=1)
    for who, ids in (("city", [case.case_id]), ("elsewhere", [case.case_id]), ("desk", [])):
        page = await listing.list_page(work.conn, PEOPLE[who], query)
        assert (ids, None) == ([found.case_id for found in page.cases], page.cursor)


@pytest.mark.parametrize("typed", ["Han.dong", " Han.dong ", "Ｈａｎ．ｄｏｎｇ", "Han\u200b.dong"])
async def test_a_unit_is_found_as_people_type_it(work: Casework, typed: str) -> None:
    """Full-width letters and stray spaces in the filter find the unit."""
    found = await walk(work, "city", 100, unit=typed)
    assert {UNIT} == {case.unit_code for case in found}


async def test_the_figures_above_the_inbox_are_those_of_its_lists(work: Casework) -> None:
    """What the links count is what they show, for everybody."""
    for who in ("desk", "accused", "county", "elsewhere", "city"):
        counts = await lists.count_due(work.conn, PEOPLE[who], listing.end_of_today(), clock.now())
        lists_of: dict[str, dict[str, Any]] = {
            "work": {}, "today": {"due": "today"}, "late": {"due": "late"},
            "urgent": {"urgent": True}, "review": {"step": "review"},
        }  # fmt: skip
        expected: dict[str, object] = {
            name: len(await walk(work, who, 50, **asked)) for name, asked in lists_of.items()
        }
        newest = max(case.case_id for case in await walk(work, who, 50, state="all"))
        assert expected | {"newest": newest} == asdict(counts), who


async def test_lists_are_read_by_their_index(database: Database) -> None:
    """Whatever PostgreSQL thinks of row-level security; when the transaction ends, so does this."""
    county = PEOPLE["county"]
    async with database.transaction(as_=county) as conn:
        assert [] == await lists.list_due(conn, county, lists.Wanted(), None, 26)
        assert "off" == await conn.fetchval("SHOW enable_bitmapscan")
    async with database.acquire() as conn:
        assert "on" == await conn.fetchval("SHOW enable_bitmapscan")


async def test_figures_end_where_nobody_reads_on(
    work: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many cases lie open, no more than MOST are counted."""
    monkeypatch.setattr(lists, "MOST", 2)
    for who in ("county", "city"):
        counts = await lists.count_due(work.conn, PEOPLE[who], listing.end_of_today(), clock.now())
        assert (2, 2, 2) == (counts.work, counts.today, counts.late), who


async def test_every_unit_sees_its_own(work: Casework) -> None:
    """Together the units' operators see all cases once, but those kept a level higher."""
    seen: list[UUID] = []
    for who in HOME.values():
        seen += [case.case_id for case in await walk(work, who, 4, state="all")]
    own = [case.case_id for case in await everything(work) if f"#{UNIT}" not in case.recused]
    assert (14, sorted(own)) == (len(own), sorted(seen))


async def test_the_figures_count_each_complaint_once(work: Casework) -> None:
    """「共接到群眾投訴54件…逐一進行了電話回訪、核查」: the columns add up over the cases."""
    cases = await everything(work)
    complaints = [case for case in cases if case.kind == "complaint"]
    verified = [case for case in complaints if case.state == "verified"]
    reached = [case for case in complaints if case.callback_state == "reached"]
    expected = {
        "cases": len(cases), "complaints": len(complaints), "verified": len(verified),
        "called_back": len(reached),
        "called_back_in_time": len([c for c in reached if _in_time(c)]),
        "called_back_same_day": len([c for c in reached if _same_day(c, c.callback_settled_at)]),
        "verified_in_time": len([c for c in verified if not c.late(clock.now())]),
        "verified_same_day": len([c for c in verified if _same_day(c, c.verified_at)]),
        "substantiated": 0, "partly": 0,
        "in_review": len([c for c in cases if c.state == "in_review"]),
        "open": len([c for c in cases if c.state == "open"]),
        "rated": 0, "solved": 0, "not_solved": 0, "satisfied": 0, "withdrawn": 0,
    }  # fmt: skip
    assert expected == await get_figures(work.conn, clock.SHANGHAI.key)


def _in_time(case: Case) -> bool:
    return case.callback_settled_at is not None and (
        case.callback_settled_at <= case.callback_due_at
    )


def _same_day(case: Case, at: datetime | None) -> bool:
    return at is not None and clock.service_day(at) == clock.service_day(case.received_at)


async def test_the_gauge_counts_what_is_late(work: Casework) -> None:
    """The gauge goes by the database's clock, which no test moves: May is over, 2999 is not."""
    await work.open(received_at=datetime(2999, 5, 6, tzinfo=UTC))
    past = [c for c in await everything(work) if c.next_due_at and c.next_due_at.year < 2999]
    assert len(past) == (await lists.count_overdue(work.conn)).cases
