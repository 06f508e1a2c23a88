"""Five cities by configuration: each preset drives the same rules, with no code between them."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.accept import rules as accepting
from services.intake.accept.submission import Draft
from services.rewards.rules import entitlement
from services.scoring.rules import assessment
from services.scoring.rules.values import Fact
from services.verification.casework.rules import cases, verdicts
from services.verification.casework.rules.verdicts import Past
from services.verification.supervision.rules import rungs
from shared import policy
from shared.events import Attribution, SubmissionReceived, Verdict
from shared.policy import Policy
from shared.policy.within import Within
from shared.values import clock
from tests.unit.scoring_books import verdict as verified

FOLDER = Path("deploy/policies")
PRESETS: dict[str, Policy] = {
    file.stem: policy.load(file).editions[-1] for file in sorted(FOLDER.glob("*.toml"))
}


def test_there_are_five() -> None:
    """The article's is the policy that the demo runs by."""
    names = ["article", "complaints-uk", "haochaping", "jiesujiban", "ombudsman"]
    assert names == list(PRESETS)
    assert Path("deploy/policy.toml").read_bytes() == (FOLDER / "article.toml").read_bytes()


# preset · received · kind · categories · words · called back by · verified by
DUE: list[tuple[str, str, str, list[str], str, str, str]] = [
    ("article", "2026-05-06T18:00+08:00", "complaint", ["cold_attitude"], "差",
     "2026-05-07T00:00+08:00", "2026-05-07T00:00+08:00"),
    ("article", "2026-05-06T18:01+08:00", "request", [], "补证",
     "2026-05-08T00:00+08:00", "2026-05-08T00:00+08:00"),
    # Saturday 14 February makes up for the Spring Festival, which lasts to the 23rd.
    ("haochaping", "2026-02-13T17:30+08:00", "rating", ["attitude"], "差",
     "2026-02-15T00:00+08:00", "2026-02-28T00:00+08:00"),
    ("haochaping", "2026-02-13T17:31+08:00", "rating", ["attitude"], "差",
     "2026-02-25T00:00+08:00", "2026-03-01T00:00+08:00"),
    ("haochaping", "2026-02-13T17:00+08:00", "rating", ["conditions"], "差",
     "2026-02-15T00:00+08:00", "2026-03-13T00:00+08:00"),
    # Graded by urgency and by what it is about; of two the shorter counts.
    ("jiesujiban", "2026-01-10T23:00+08:00", "complaint", ["heating"], "冷",
     "2026-01-11T01:00+08:00", "2026-01-11T23:00+08:00"),
    ("jiesujiban", "2026-01-10T23:00+08:00", "complaint", ["old_housing", "heating"], "冷",
     "2026-01-11T01:00+08:00", "2026-01-11T23:00+08:00"),
    ("jiesujiban", "2026-01-10T23:00+08:00", "complaint", ["service"], "慢",
     "2026-01-11T23:00+08:00", "2026-01-18T00:00+08:00"),
    ("jiesujiban", "2026-01-10T23:00+08:00", "complaint", ["illegal_building"], "违建",
     "2026-01-11T23:00+08:00", "2026-01-26T00:00+08:00"),
    ("jiesujiban", "2026-01-10T23:00+08:00", "request", [], "楼里停水了",
     "2026-01-11T01:00+08:00", "2026-01-11T23:00+08:00"),
    # Christmas and New Year; Easter, with the change to summer time before it.
    ("complaints-uk", "2026-12-24T16:00+00:00", "complaint", ["delay"], "late",
     "2027-01-06T00:00+00:00", "2027-01-13T00:00+00:00"),
    ("complaints-uk", "2026-03-27T17:01+00:00", "complaint", ["delay"], "late",
     "2026-04-08T00:00+01:00", "2026-04-15T00:00+01:00"),
    ("complaints-uk", "2026-06-01T10:00+01:00", "request", [], "Eviction tomorrow",
     "2026-06-09T00:00+01:00", "2026-06-04T00:00+01:00"),
    # Easter, with the change from summer time in it; Anzac Day on the Monday after.
    ("ombudsman", "2026-03-30T10:00+13:00", "complaint", ["information"], "refused",
     "2026-04-09T00:00+12:00", "2026-05-01T00:00+12:00"),
    ("ombudsman", "2026-03-30T10:00+13:00", "request", [], "My brother is detained",
     "2026-03-31T00:00+13:00", "2026-04-16T00:00+12:00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "received", "kind", "categories", "words", "called", "verified_by"), DUE
)
def test_terms(
    name: str, received: str, kind: str, categories: list[str], words: str, called: str,
    verified_by: str,
) -> None:  # fmt: skip
    """The receipt promises what the desk then has to keep: by days, working days, hours, grades."""
    rule, received_at = PRESETS[name], datetime.fromisoformat(received)
    draft = Draft.model_validate(
        {"code": "x", "kind": kind, "categories": categories, "words": words,
         "phone": "13800138000", "satisfaction": 1 if kind == "rating" else None}
    )  # fmt: skip
    assert [] == accepting.wrong(draft, rule, received_at)
    promised = accepting.due(draft, rule, received_at)
    assert (datetime.fromisoformat(called), datetime.fromisoformat(verified_by)) == promised
    event = SubmissionReceived(
        submission_id=UUID(int=1), kind=draft.kind, unit_code="1", received_at=received_at,
        categories=draft.categories, words_sealed="w", phone_sealed="p",
        urgent=accepting.urgent(draft, rule),
    )  # fmt: skip
    case = cases.open_case(event, rule, UUID(int=2), received_at)
    assert promised == (case.callback_due_at, case.verification_due_at)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(st.sampled_from(sorted(PRESETS)), MOMENTS, st.integers(0, 30))
@settings(derandomize=True, deadline=None)
def test_a_term_has_as_many_working_days_as_it_says(
    name: str, since: datetime, number: int
) -> None:
    """In any zone and over any change of its clocks it ends at a midnight, and not before it is."""
    rule = PRESETS[name]
    cutoff, calendar = rule.verification.cutoff, rule.calendar
    for term in (Within(days=number), Within(working_days=number)):
        due = term.ends(since, cutoff, calendar, rule.zone)
        first = clock.first_day(since, cutoff, rule.zone)
        last = clock.service_day(due - timedelta(seconds=1), rule.zone)
        days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
        assert number == (len(days) if term.days is not None else sum(map(calendar.works, days)))
        assert (due > since, time()) == (True, due.astimezone(rule.zone).time())


# preset · received · acknowledged by · a word by; whoever is called the same day needs neither.
WAITING: list[tuple[str, str, str | None, str | None]] = [
    ("article", "2026-05-06T18:00+08:00", None, "2026-05-14T00:00+08:00"),
    ("jiesujiban", "2026-05-06T18:00+08:00", None, None),
    ("complaints-uk", "2026-12-24T16:00+00:00", "2027-01-06T00:00+00:00",
     "2027-01-14T00:00+00:00"),
    ("ombudsman", "2026-03-30T10:00+13:00", "2026-04-09T00:00+12:00", "2026-04-30T00:00+12:00"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "received", "acknowledged", "word"), WAITING)
def test_clocks_of_waiting(
    name: str, received: str, acknowledged: str | None, word: str | None
) -> None:
    """A clock each for acknowledgement and progress, beside that of the outcome."""
    rule, since = PRESETS[name], datetime.fromisoformat(received)
    due = rule.acknowledgement.due(since, rule.opening, rule.calendar, rule.zone)
    assert (acknowledged and datetime.fromisoformat(acknowledged)) == due
    assert (word and datetime.fromisoformat(word)) == rule.progress.due(since, rule.zone)


# preset · verdict · attribution · category · hundredths of a point · whether it is rewarded
JUDGED: list[tuple[str, Verdict, Attribution, str, int, bool]] = [
    ("article", "substantiated", "officers", "buck_passing", 300, True),
    ("article", "partly", "unit", "extra_trips", 100, True),
    ("article", "substantiated", "policy", "other", 0, True),
    ("haochaping", "substantiated", "officers", "attitude", 100, False),
    ("haochaping", "partly", "unit", "trips", 50, False),
    ("jiesujiban", "substantiated", "officers", "heating", 0, False),
    ("jiesujiban", "substantiated", "officers", "integrity", 500, False),
    ("complaints-uk", "substantiated", "officers", "conduct", 0, False),
    ("ombudsman", "partly", "unit", "reasons", 0, False),
]


@pytest.mark.parametrize(
    ("name", "verdict", "attribution", "category", "points", "rewarded"), JUDGED
)
def test_what_a_verdict_costs_and_brings(
    name: str, verdict: Verdict, attribution: Attribution, category: str, points: int,
    rewarded: bool,
) -> None:  # fmt: skip
    """Deductions and rewards, down to none at all."""
    rule = PRESETS[name]
    officers = ("170001",) if attribution == "officers" else ()
    event = verified(
        verdict=verdict, attribution=attribution, categories=(category,), officers=officers
    )
    assert points == assessment.points_of(Fact.of(event), rule)
    assert rewarded == entitlement.earned(event, rule.reward)


@pytest.mark.parametrize(
    ("name", "tree", "ladder"),
    [
        ("article", ("city", "county", "unit"),
         [("unit", 0), ("county", 24), ("city", 48), ("city_leader", 72)]),
        ("haochaping", ("province", "city", "county", "hall"),
         [("hall", 0), ("county", 48), ("city", 96), ("province", 144)]),
        ("jiesujiban", ("city", "district", "street"),
         [("street", 0), ("district", 12), ("city", 24), ("city_leader", 36)]),
        ("complaints-uk", ("council", "directorate", "service"),
         [("service", 0), ("directorate", 72), ("council", 144)]),
        ("ombudsman", ("office", "sector", "agency"),
         [("agency", 0), ("sector", 168), ("office", 336)]),
    ],
)  # fmt: skip
def test_trees_and_ladders(name: str, tree: tuple[str, ...], ladder: list[tuple[str, int]]) -> None:
    """Of any depth, with levels of their own names; a late report climbs from the last one up."""
    rule = PRESETS[name]
    assert tree == rule.level_keys
    climbed = [(rung.key, rung.after // timedelta(hours=1)) for rung in rungs(rule.supervision)]
    assert ladder == climbed
    assert set(tree) >= {key for key, _ in ladder} - {"city_leader"}


@pytest.mark.parametrize(
    ("name", "verdict", "waits"),
    [
        ("article", "substantiated", False),
        ("article", "unverifiable", True),
        ("haochaping", "out_of_scope", True),
        ("complaints-uk", "unsubstantiated", False),
        ("ombudsman", "substantiated", True),
    ],
)
def test_who_looks_twice(name: str, verdict: Verdict, waits: bool) -> None:
    """Which verdicts of the level above take effect only after a second look."""
    past = Past((), False)
    rule = PRESETS[name].verification
    assert waits == verdicts.must_wait(verdict, "county_supervisor", past, rule, joins=False)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_whole(name: str) -> None:
    """Something is serious; every code is the nation's or there is none; the file names itself."""
    rule = PRESETS[name]
    assert any(one.serious for one in rule.categories)
    national = {code for one in rule.categories for code in one.codes["1"]}
    assert national == (set(range(108, 116)) & national if national else set())
    assert ("article" != name) == (FOLDER / f"{name}.toml").read_text("utf-8").startswith(
        "# To start from: "
    )


def test_the_nations_reasons_are_all_there() -> None:
    """好差评: each of the eight reasons of a worst rating can be chosen, and has its code."""
    rule = PRESETS["haochaping"]
    assert set(range(108, 116)) == set(rule.reasons(sorted(rule.category_keys), 1))
    assert (114,) == rule.reasons(["trips"], 1)
    assert () == PRESETS["complaints-uk"].reasons(["delay"], 1)
