"""The rules of rewards at their edges: every pair of the table, every limit to the microsecond."""

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.rules import entitlement, settling
from services.rewards.rules.entitlement import Usage
from services.rewards.rules.orders import Evidence
from services.rewards.rules.payouts import Pace, Reward, move, order_id
from services.rewards.rules.states import MOVES, WITHDRAWABLE, IllegalMove, State, Step, after
from services.rewards.views import Figures, figures_of, masked
from shared.events import CaseVerified, Verdict
from shared.values import phone as phones
from shared.values.seal import Seal
from shared.vendors import outcomes
from shared.vendors.outcomes import NotFound, Outcome, Rejected, TryLater
from tests.unit.test_rewards_rules import EDITION, NOW, RULE, reward, verified

TICK = timedelta(microseconds=1)
PACE = Pace()
# Where each step leads from each state, as the bureau's rules tell it; every other pair is refused.
LEADS = {
    "eligible": {"scheduled": "ready", "held": "held"},
    "held": {"approved": "ready", "scheduled": "ready", "refused": "refused"},
    "refused": {"entitled": "eligible"},
    "ready": {"leased": "submitting", "held": "held", "refused": "refused"},
    "submitting": {
        "accepted": "accepted", "paid": "paid", "rejected": "rejected", "lost": "unknown",
        "reversed": "reversed",
    },
    "accepted": {
        "paid": "paid", "rejected": "rejected", "reversed": "reversed", "written_off": "rejected",
    },
    "unknown": {
        "accepted": "accepted", "paid": "paid", "rejected": "rejected", "reversed": "reversed",
        "resent": "submitting", "written_off": "rejected",
    },
    "rejected": {"retried": "ready", "given_up": "manual", "refused": "refused"},
    "manual": {"approved": "ready", "refused": "refused"},
    "paid": {"reversed": "reversed"},
    "reversed": {},
}  # fmt: skip


@pytest.mark.parametrize("state", get_args(State))
def test_each_state_knows_its_steps_and_refuses_the_others_by_name(state: State) -> None:
    """A step leads where the rules say, or the refusal names both the step and the state."""
    for step in get_args(Step):
        if to := LEADS[state].get(step):
            assert to == after(state, step)
        else:
            with pytest.raises(IllegalMove, match=f"no step '{step}' out of '{state}'"):
                move(reward(state), step, NOW)


@pytest.mark.parametrize(("state", "step"), MOVES)
def test_a_move_changes_what_belongs_to_it_and_nothing_else(state: State, step: Step) -> None:
    """One version more, an attempt more only by a lease, and each date only with its state."""
    before = reward(
        state, version=4, attempt=2, asked=9, failures=1, reason="x", held_by="ann", act_at=NOW,
        refused_at=NOW if state == "refused" else None,
        paid_at=NOW if state == "paid" else None,
    )  # fmt: skip
    later = NOW + timedelta(hours=1)
    moved = move(before, step, later)
    assert (5, 0, None) == (moved.version, moved.asked, moved.act_at)
    assert (None, None) == (moved.reason, moved.held_by)
    assert 2 + (step == "leased") == moved.attempt
    assert (moved.state == "refused") == (moved.refused_at == later)
    assert (moved.state == "reversed") == (moved.reversed_at == later)
    assert (moved.state == "paid") == (moved.paid_at == later)
    assert (step in ("leased", "resent")) == (moved.sent_at == later)
    same = {name: getattr(before, name) for name in ("id", "case_id", "amount_fen", "failures")}
    assert same == {name: getattr(moved, name) for name in same}


def test_what_can_be_withdrawn_leaves_no_order_behind() -> None:
    """A changed verdict can refuse exactly where a refusal is legal, and never after sending."""
    refusable = {state for state, step in MOVES if step == "refused"}
    assert refusable == WITHDRAWABLE
    assert set() == refusable & {"submitting", "accepted", "unknown", "paid", "reversed"}


def test_since_when_nobody_knows_is_kept_over_a_repetition() -> None:
    """The age of an unknown order counts from the first doubt, not from the last sending."""
    lost = move(move(reward("ready"), "leased", NOW, NOW), "lost", NOW, NOW)
    later = NOW + timedelta(minutes=5)
    again = move(lost, "resent", later, later)
    doubted = move(again, "lost", later + TICK, later)
    assert (NOW, NOW, later) == (again.unknown_at, doubted.unknown_at, doubted.sent_at)
    assert move(doubted, "accepted", later, later).unknown_at is None


KINDS = ("rating", "request", "complaint")
FOUND_TRUE = ("substantiated", "partly")
MOBILE = phones.USES["mobile"]
NO_PHONE = {"phone_sealed": None, "phone_index": None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verdict", get_args(Verdict))
@pytest.mark.parametrize("phone", [True, False])
def test_the_table_of_entitlement(kind: str, verdict: Verdict, phone: bool) -> None:
    """「群眾不滿意投訴核查屬實的…獎勵20元話費」: a complaint, found true, with a phone."""
    event = verified(kind=kind, verdict=verdict, **({} if phone else NO_PHONE))
    wanted = kind == "complaint" and verdict in FOUND_TRUE and phone
    assert wanted == entitlement.is_entitled(event, RULE, MOBILE if phone else None)


@pytest.mark.parametrize("missing", ["phone_sealed", "phone_index"])
def test_half_a_phone_earns_nothing(missing: str) -> None:
    """A phone that can be called but not counted, or counted but not called, is none."""
    assert not entitlement.is_entitled(verified(**{missing: None}), RULE, MOBILE)


def test_the_policy_says_which_verdicts_earn() -> None:
    """A bureau that rewards only the full truth says so in its policy, and that counts."""
    strict = RULE.model_copy(update={"verdicts": ("substantiated",)})
    earns = [entitlement.is_entitled(verified(verdict=v), strict, MOBILE) for v in FOUND_TRUE]
    assert [True, False] == earns


@pytest.mark.parametrize("kind", phones.USES)
def test_only_a_phone_that_gets_airtime_earns_it(kind: phones.Kind) -> None:
    """A landline's reward would end with a person who can do nothing: there is none."""
    use = phones.USES[kind]
    assert (kind == "mobile") == entitlement.is_entitled(verified(), RULE, use)


CAPS = st.builds(
    Usage,
    on_roster=st.just(False),
    phone_incident=st.integers(0, 3),
    incident=st.integers(0, 5),
    phone_month_fen=st.integers(0, 10_000),
    month_fen=st.integers(0, 2_000_000),
    unit_month_fen=st.integers(0, 100_000),
    day_fen=st.integers(0, 300_000),
    phone_units=st.integers(0, 4),
    near_phones=st.integers(0, 4),
    at_counter=st.integers(0, 6),
)


@given(CAPS)
def test_held_exactly_when_a_cap_would_be_passed(used: Usage) -> None:
    """After an unheld reward no cap is passed; a held one would have passed its own."""
    passed = {
        "phone_incident_cap": used.phone_incident + 1 > RULE.per_phone_per_incident,
        "incident_cap": used.incident + 1 > RULE.per_incident,
        "phone_units": used.phone_units + 1 >= 3,
        "near_phones": used.near_phones + 1 >= 3,
        "counter_rush": used.at_counter + 1 >= 5,
        "phone_month_cap": used.phone_month_fen + 2000 > RULE.per_phone_month_fen,
        "unit_month_cap": used.unit_month_fen + 2000 > 60_000,
        "day_cap": used.day_fen + 2000 > 200_000,
        "month_budget": used.month_fen + 2000 > RULE.budget_month_fen,
    }
    reason = entitlement.hold_reason(used, RULE)
    assert any(passed.values()) == (reason is not None)
    assert reason is None or passed[reason]


@given(CAPS, CAPS)
def test_more_use_never_frees_what_is_held(used: Usage, more: Usage) -> None:
    """A held reward stays held however much more the others take."""
    names = [field.name for field in fields(Usage) if field.name != "on_roster"]
    sums = {name: getattr(used, name) + getattr(more, name) for name in names}
    if entitlement.hold_reason(used, RULE):
        assert entitlement.hold_reason(Usage(**sums), RULE)


@pytest.mark.parametrize(
    ("used", "reason"),
    [
        (Usage(True, 1, 3, 6000, 10**6), "roster_phone"),
        (Usage(False, 1, 3, 6000, 10**6), "phone_incident_cap"),
        (Usage(False, 0, 3, 6000, 10**6), "incident_cap"),
        (Usage(False, 0, 2, 6000, 10**6, 60_000, 200_000, 2, 2, 4), "phone_units"),
        (Usage(False, 0, 2, 6000, 10**6, 60_000, 200_000, 1, 2, 4), "near_phones"),
        (Usage(False, 0, 2, 6000, 10**6, 60_000, 200_000, 1, 1, 4), "counter_rush"),
        (Usage(False, 0, 2, 6000, 10**6, 60_000, 200_000, 1, 1, 3), "phone_month_cap"),
        (Usage(False, 0, 2, 4000, 10**6, 60_000, 200_000), "unit_month_cap"),
        (Usage(False, 0, 2, 4000, 10**6, 58_000, 200_000), "day_cap"),
        (Usage(False, 0, 2, 4000, 10**6), "month_budget"),
        (Usage(False, 0, 2, 4000, 10**6 - 2000), None),
    ],
)
def test_the_gravest_reason_is_told(used: Usage, reason: str | None) -> None:
    """With several caps passed the approver reads the one that needs most thought."""
    assert reason == entitlement.hold_reason(used, RULE)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_due_is_the_end_of_the_second_day_at_the_bureau(at: datetime) -> None:
    """Always a midnight in China, more than two days and at most three after the verdict."""
    made = entitlement.new_reward(verified(verified_at=at), RULE, EDITION.zone, "")
    local = made.due_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (0, 0, 0) == (local.hour, local.minute, local.second)
    assert timedelta(days=2) < made.due_at - at <= timedelta(days=3)
    assert made.month == at.astimezone(EDITION.zone).date().replace(day=1)


@given(st.sets(st.tuples(st.uuids(), st.integers(0, 9)), min_size=2, max_size=9))
def test_no_two_attempts_share_an_order_id(attempts: set[tuple[UUID, int]]) -> None:
    """Different rewards or attempts always give different ids in the vendors' alphabet."""
    ids = {order_id(*attempt) for attempt in attempts}
    assert len(attempts) == len(ids)
    assert {32} == {len(one) for one in ids}
    assert set("0123456789abcdef") >= set("".join(ids))


def test_a_case_has_one_reward_id_for_ever() -> None:
    """A database restored from a backup makes the same ids, so the vendor refuses the repeat."""
    fresh = [entitlement.new_reward(verified(), RULE, EDITION.zone, t).id for t in ("", "x")]
    assert 1 == len(set(fresh))
    assert fresh[0] != entitlement.reward_id(UUID(int=8))


LOST = reward("unknown", sent_at=NOW, unknown_at=NOW)
ABSENT = NotFound()
DENIED = Evidence("notfound", NOW + timedelta(days=9), asking=False, covered=True, listed=False)


@pytest.mark.parametrize(
    ("at", "may"),
    [
        (PACE.resend_after - TICK, False),
        (PACE.resend_after, True),
        (PACE.resend_within, True),
        (PACE.resend_within + TICK, False),
    ],
)
def test_when_an_absent_order_may_be_sent_again(at: timedelta, may: bool) -> None:
    """Not before the copy has settled, nor after the vendor may have forgotten the id."""
    assert may == settling.may_resend(LOST, ABSENT, NOW + at, PACE)


def test_the_memory_of_ids_counts_from_the_first_doubt() -> None:
    """Repeating an order does not buy it another day of repeating."""
    resent = replace(LOST, sent_at=NOW + timedelta(hours=23))
    at = NOW + PACE.resend_within
    assert settling.may_resend(resent, ABSENT, at, PACE)
    assert not settling.may_resend(resent, ABSENT, at + TICK, PACE)


def test_writing_off_waits_from_the_last_sending() -> None:
    """Exactly the vendor's window after the last copy left, not after the first."""
    resent = replace(LOST, sent_at=NOW + timedelta(hours=23))
    edge = NOW + timedelta(hours=23) + PACE.vendor_window
    assert "window" == settling.missing(resent, DENIED, edge - TICK, PACE)
    assert settling.missing(resent, DENIED, edge, PACE) is None


@pytest.mark.parametrize("state", get_args(State))
def test_only_an_unknown_order_is_sent_again(state: State) -> None:
    """Elsewhere nothing is under way or its fate is known; what was accepted is written off too."""
    other = replace(LOST, state=state)
    late = NOW + PACE.vendor_window
    off = state in ("unknown", "accepted")
    assert off == (settling.missing(other, DENIED, late, PACE) is None)
    assert (state == "unknown") == settling.may_resend(other, ABSENT, NOW + PACE.lease, PACE)


@pytest.mark.parametrize("bare", [replace(LOST, sent_at=None), replace(LOST, unknown_at=None)])
def test_without_its_dates_nothing_is_sent_again(bare: Reward) -> None:
    """A row that cannot say since when is left to people."""
    assert not settling.may_resend(bare, ABSENT, NOW + timedelta(hours=1), PACE)


@given(st.integers(0, 10_000))
def test_questions_never_stop_nor_crowd(asked: int) -> None:
    """After a second at least and ten minutes at most, however many there were."""
    for state in ("accepted", "unknown"):
        at = settling.next_ask(reward(state, asked=asked), NOW)
        assert at is not None
        assert timedelta(seconds=1) <= at - NOW <= timedelta(minutes=10)


def test_the_look_a_day_after_payment_is_the_last() -> None:
    """Until a microsecond before it is still ahead; at that moment there is none after it."""
    paid, day = reward("paid", paid_at=NOW), settling.LOOK_AGAIN
    assert NOW + day == settling.next_ask(paid, NOW + day - TICK)
    assert settling.next_ask(paid, NOW + day) is None


SENT = move(reward("ready"), "leased", NOW, NOW)


@pytest.mark.parametrize(
    ("outcome", "after_"),
    [
        (Rejected("c", True), timedelta(seconds=2)),
        (TryLater("c", timedelta(seconds=1)), timedelta(seconds=2)),
        (TryLater("c", timedelta(seconds=2)), timedelta(seconds=2)),
        (TryLater("c", timedelta(seconds=3)), timedelta(seconds=3)),
        (outcomes.Held("c"), timedelta(seconds=2)),
    ],
)
def test_when_a_new_order_may_follow_a_refusal(outcome: Outcome, after_: timedelta) -> None:
    """The longer of the vendor's pause and our own; an empty wallet pauses the vendor alone."""
    assert NOW + after_ == settling.settle(SENT, "rejected", outcome, NOW, PACE).act_at


@pytest.mark.parametrize(
    ("outcome", "step", "after_"),
    [
        (outcomes.Accepted("1", "c"), "accepted", timedelta(seconds=1)),
        (outcomes.Unknown("c"), "lost", timedelta(seconds=1)),
        (outcomes.Done("1", "c"), "paid", timedelta(days=1)),
        (outcomes.Reversed("1", "c"), "reversed", None),
    ],
)
def test_when_a_settled_order_is_looked_at(
    outcome: Outcome, step: Step, after_: timedelta | None
) -> None:
    """Open ones in a second, a paid one a day after, a reversed one never again."""
    wanted = NOW + after_ if after_ else None
    assert wanted == settling.settle(SENT, step, outcome, NOW, PACE).act_at


@pytest.mark.parametrize("failures", range(6))
@pytest.mark.parametrize("most", [1, 3])
def test_hope_ends_at_the_last_failure(failures: int, most: int) -> None:
    """Exactly `most` failures of the order's own are the end; not one less, and none revives it."""
    step = settling.after_refusal(reward("rejected", retriable=True, failures=failures), most)
    assert ("retried" if failures < most else "given_up") == step


def test_a_written_off_order_is_replaced_at_once() -> None:
    """Two people said that it was not executed: a new one may go, without waiting."""
    freed = settling.write_off(LOST, NOW)
    assert ("rejected", NOW, True) == (freed.state, freed.act_at, freed.retriable)
    assert "retried" == settling.after_refusal(freed, PACE.max_failures)


STATES: st.SearchStrategy[dict[str, tuple[int, int]]] = st.dictionaries(
    st.sampled_from(get_args(State)), st.tuples(st.integers(1, 99), st.integers(1, 10**6))
)


@given(STATES)
def test_every_reward_is_in_exactly_one_figure(states: dict[str, tuple[int, int]]) -> None:
    """The public counts add up to the number of rewards, and the money is that of the paid ones."""
    shown = figures_of(states)
    counts = {n: v for n, v in shown.model_dump().items() if n != "paid_fen"}
    assert sum(count for count, _ in states.values()) == sum(counts.values())
    assert states.get("paid", (0, 0))[1] == shown.paid_fen


def test_no_rewards_are_a_table_of_zeroes() -> None:
    """On the first day every figure is there, and is nothing."""
    assert {0} == set(Counter(Figures(scheduled=0).model_dump()).values())
    assert Figures(scheduled=0) == figures_of({})


def test_a_masked_phone_shows_seven_digits_or_none() -> None:
    """Sealed under this submission it is 138****4488; under any other nothing of it shows."""
    seal = Seal({"phone": {"1": bytes(32)}})
    owner = UUID(int=8)
    sealed = seal.close("+8613800004488", f"phone:{owner}")
    own = reward("ready", phone_sealed=sealed, submission_id=owner)
    assert "138****4488" == masked(own, seal)
    assert "****" == masked(replace(own, submission_id=UUID(int=9)), seal)
    assert "****" == masked(own, Seal({"phone": {"1": bytes(31) + b"x"}}))


def test_a_verdict_event_carries_no_clear_phone() -> None:
    """What rewards hears of a phone is a seal and a blind index, nothing else."""
    fields = {name for name in CaseVerified.model_fields if "phone" in name}
    assert {"phone_sealed", "phone_index"} == fields
