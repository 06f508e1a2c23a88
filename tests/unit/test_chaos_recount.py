"""The recount of `make chaos`: whether it would see what it is there to see."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.settings import ROOT
from services.scoring.rules import plan
from services.scoring.rules.values import Fact
from shared import policy
from tests.chaos import points, recount
from tests.chaos.compare import Comparison
from tests.chaos.facts import Facts
from tests.chaos.points import POINTS
from tests.chaos.recount import Judged
from tests.chaos.tally import Tally

POLICY = ROOT / "deploy" / "policy.toml"
RULE = recount.policy(POLICY)
WHEN = datetime(2026, 12, 30, 2, tzinfo=UTC)
numbers = count()
CATEGORIES = ("cold_attitude", "buck_passing", "other", "unheard_of")
INCIDENTS = [UUID(int=number) for number in range(1, 5)]


def case(**changed: Any) -> Judged:
    """A substantiated complaint for one officer."""
    number = next(numbers)
    made = Judged(
        UUID(int=1000 + number), str(number), "n1", uuid4(), WHEN + timedelta(minutes=number), True,
        True, 1, "substantiated", "officers", ("A-1",), ("cold_attitude",), True,
    )  # fmt: skip
    return replace(made, **changed)


@st.composite
def mixtures(draw: st.DrawFn) -> list[Judged]:
    """Cases of few units, officers and incidents, around the turn of a year."""
    made = []
    for number in range(draw(st.integers(0, 9))):
        verdict = draw(st.sampled_from(["substantiated", "partly", "unsubstantiated"]))
        attribution = draw(st.sampled_from(["officers", "unit", "policy"]))
        none = verdict == "unsubstantiated"
        officers = st.lists(st.sampled_from(["A-1", "A-2"]), min_size=1, unique=True)
        made.append(
            case(
                unit_code=draw(st.sampled_from(["n1", "n2"])),
                incident_id=draw(st.sampled_from(INCIDENTS)),
                received_at=WHEN + timedelta(hours=draw(st.integers(0, 72)), minutes=number),
                verdict=verdict,
                attribution="none" if none else attribution,
                officers=tuple(draw(officers)) if attribution == "officers" and not none else (),
                categories=tuple(draw(st.lists(st.sampled_from(CATEGORIES), unique=True))),
                complaint=draw(st.booleans()) or not none,
            )
        )
    return made


@given(mixtures())
def test_two_ways_of_counting_come_to_the_same(cases: list[Judged]) -> None:
    """Points by the services' plan, rule by rule, and by plain arithmetic: to the centipoint."""
    facts = [
        Fact(
            c.case_id, 1, "complaint" if c.complaint else "request", c.unit_code, c.incident_id,
            c.verdict, c.attribution, c.officers, c.categories, c.received_at, c.received_at,  # type: ignore[arg-type]
        )
        for c in cases
    ]  # fmt: skip
    changes = plan.decide(plan.scopes_of(facts), facts, Counter(), policy.load(POLICY))
    lost: dict[str, int] = {}
    for change in changes:
        if change.demand.centipoints:
            unit = change.demand.subject.id
            lost[unit] = lost.get(unit, 0) + change.demand.centipoints
    assert lost == recount.points(cases, RULE)
    marks = [c.demand for c in changes if c.demand.cause.rule == "strike"]
    assert len(marks) == len(recount.strikes(cases))


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        ({}, 200),
        ({"verdict": "partly"}, 100),
        ({"categories": ("cold_attitude", "buck_passing")}, 300),
        ({"categories": ("unheard_of",)}, 100),
        ({"attribution": "unit", "officers": ()}, 100),
        ({"attribution": "policy", "officers": ()}, 0),
        ({"verdict": "unsubstantiated", "attribution": "none", "officers": ()}, 0),
        ({"complaint": False}, 0),
    ],
)
def test_what_one_case_costs(changed: Mapping[str, Any], points: int) -> None:
    """The example policy's prices, by hand."""
    assert points == recount.points([case(**changed)], RULE).get("n1", 0)


def test_joined_cases_are_one_strike_and_the_second_incident_costs_more() -> None:
    """Two cases of one incident and one of another: 3 × 2.00 and once 2.00 for the second."""
    together = uuid4()
    cases = [case(incident_id=together), case(incident_id=together), case()]
    assert {"n1": 3 * 200 + 200} == recount.points(cases, RULE)
    assert {"n1": 3 * 200} == recount.points([case(incident_id=together) for _ in "123"], RULE)


def _facts(cases: list[Judged], **rows: Any) -> Facts:
    stored = [
        {
            "case_id": c.case_id, "submission_id": c.submission_id, "kind": "complaint",
            "unit_code": c.unit_code, "incident_id": c.incident_id, "received_at": c.received_at,
            "state": "verified", "has_phone": True,
        }
        for c in cases
    ]  # fmt: skip
    verdicts = [
        {"case_id": c.case_id, "revision": 1, "verdict": c.verdict, "attribution": c.attribution,
         "officers": c.officers, "categories": c.categories}
        for c in cases
    ]  # fmt: skip
    empty = dict.fromkeys(
        ("submissions", "rewards", "left_after_withdrawal", "balances", "ledger", "strikes",
         "criticisms", "messages"), (),
    )  # fmt: skip
    book = {"airtime": {"transactions": rows.pop("orders", [])}, "sms": {"messages": []}}
    return Facts((), book, empty | {"cases": stored, "verdicts": verdicts} | rows, {}, {})


def _order(of: Judged, attempt: int, phone: str = "") -> dict[str, Any]:
    reward = uuid5(NAMESPACE_URL, f"urn:mashang:reward:{of.case_id}")
    external_id = sha256(f"{reward}/{attempt}".encode()).hexdigest()[:32]
    return {"external_id": external_id, "phone": phone, "fen": 2000, "status": "COMPLETED"}


def test_money_that_went_wrong_is_seen() -> None:
    """Two attempts paid, a stranger's order, nothing paid, a book that says otherwise."""
    twice, never, stranger = case(), case(), case()
    orders = [_order(twice, 1), _order(twice, 2), _order(stranger, 1)]
    found = Comparison(_facts([twice, never], orders=orders), RULE).money()
    assert [twice.case_id] == list(found["paid twice"])
    assert [never] == list(found["unpaid"])
    assert 1 == len(found["paid to another or another amount"])
    assert 2 == len(found["rewards' and vendor's books differ"])


def test_a_reward_is_held_rightly_only_where_its_incident_is_full() -> None:
    """Of four in one incident the fourth; not one of three."""
    incident = uuid4()
    cases = [case(incident_id=incident) for _ in range(4)]

    def held(many: int) -> int:
        rows = [{"case_id": c.case_id, "state": "paid"} for c in cases[: many - 1]]
        rows.append({"case_id": cases[many - 1].case_id, "state": "held"})
        found = Comparison(_facts(cases[:many], rewards=rows), RULE)
        found.phones.update({c.case_id: str(n) for n, c in enumerate(cases[:many])})
        return len(found.money()["held without cause"])

    assert (1, 0) == (held(3), held(4))


def test_a_difference_in_any_book_of_scoring_is_seen() -> None:
    """An empty book contradicts a verdict in each of the four."""
    found = Comparison(_facts([case()]), RULE).scores()
    assert [1, 1, 1, 1] == [len(lines) for lines in found.values()]


def test_points_are_counted_by_the_bytes_that_the_dead_wrote(tmp_path: Path) -> None:
    """A point is owed until it was hit so often, by whichever instance; a new wish is heard."""
    tally, other = Tally(tmp_path), Tally(tmp_path)
    assert not tally.owes("rewards", "x")
    other.want({"rewards": {"x": 2}})
    assert tally.owes("rewards", "x")
    other.hit("rewards", "x")
    tally.hit("rewards", "x")
    assert not tally.owes("rewards", "x")
    assert not tally.owes("intake", "x")
    assert [] == tally.short_of({"rewards": {"x": 2}})
    assert [("rewards", "x")] == tally.short_of({"rewards": {"x": 3}})


def test_every_point_is_wanted_so_often_over_all_services() -> None:
    """Twenty of each, also where five services share the code; names are unique and files."""
    wanted = points.wanted(20)
    assert len(POINTS) == len({point.name for point in POINTS})
    for point in POINTS:
        assert 20 <= sum(wanted[service][point.name] for service in point.services) < 25
        assert "/" not in point.name
