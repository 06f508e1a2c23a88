"""Who has earned a reward, which are held, and what an answer does to a payout."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from services.rewards.rules import entitlement, late, settling
from services.rewards.rules.entitlement import Usage
from services.rewards.rules.orders import Evidence
from services.rewards.rules.payouts import Pace, Reward, move, order_id
from services.rewards.rules.states import MOVES, IllegalMove, State, Step, after
from shared import policy
from shared.events import CaseVerified
from shared.values import phone
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome

EDITION = policy.load(Path("deploy/policy.toml")).at(datetime(2026, 3, 3, tzinfo=UTC))
RULE = EDITION.reward
NOW = datetime(2026, 3, 3, 2, tzinfo=UTC)
CASE = UUID(int=7)


def verified(**changes: Any) -> CaseVerified:
    """A substantiated complaint with a phone."""
    values: dict[str, Any] = {
        "case_id": CASE,
        "submission_id": UUID(int=8),
        "incident_id": UUID(int=9),
        "revision": 1,
        "kind": "complaint",
        "unit_code": "u",
        "categories": ("other",),
        "verdict": "substantiated",
        "attribution": "unit",
        "officers": (),
        "answer_sealed": None,
        "phone_sealed": "1.x",
        "phone_index": "ab",
        "language": "zh",
        "received_at": NOW,
        "verified_at": NOW,
    }
    return CaseVerified(**values | changes)


def reward(state: State = "eligible", **changes: Any) -> Reward:
    """The reward of that case, in a state."""
    fresh = entitlement.new_reward(verified(), RULE, EDITION.zone, "")
    return replace(fresh, state=state, **changes)


@pytest.mark.parametrize(
    ("changes", "entitled"),
    [
        ({}, True),
        ({"verdict": "partly"}, True),
        ({"verdict": "unsubstantiated"}, False),
        ({"verdict": "helped"}, False),
        ({"verdict": "unverifiable"}, False),
        ({"verdict": "out_of_scope"}, False),
        ({"attribution": "policy"}, True),
        ({"kind": "request"}, False),
        ({"kind": "rating"}, False),
        ({"phone_sealed": None, "phone_index": None}, False),
    ],
)
def test_who_has_earned_a_reward(changes: dict[str, Any], entitled: bool) -> None:
    """A complaint found true or partly true, whoever is to blame, with a phone; nothing else."""
    use = phone.USES["mobile"]
    assert entitled == entitlement.is_entitled(verified(**changes), RULE, use)


def test_a_reward_is_20_yuan_due_at_the_end_of_the_second_day_after() -> None:
    """Verified on 3 March in the morning: 2000 fen by 24:00 of 5 March, China time."""
    made = reward()
    assert (2000, datetime(2026, 3, 5, 16, tzinfo=UTC)) == (made.amount_fen, made.due_at)
    assert NOW.date().replace(day=1) == made.month


def test_the_month_is_the_bureaus() -> None:
    """17:00 UTC on 31 March is already April in China."""
    at = datetime(2026, 3, 31, 17, tzinfo=UTC)
    assert 4 == entitlement.month_of(at, EDITION.zone).month


@pytest.mark.parametrize(
    ("used", "reason"),
    [
        (Usage(), None),
        (Usage(on_roster=True), "roster_phone"),
        (Usage(phone_incident=1, incident=1), "phone_incident_cap"),
        (Usage(incident=2), None),
        (Usage(incident=3), "incident_cap"),
        (Usage(phone_month_fen=4000), None),
        (Usage(phone_month_fen=4001), "phone_month_cap"),
        (Usage(month_fen=998_000), None),
        (Usage(month_fen=998_001), "month_budget"),
        (Usage(on_roster=True, incident=3, month_fen=10**9), "roster_phone"),
    ],
)
def test_what_is_suspicious_is_held(used: Usage, reason: str | None) -> None:
    """Each cap lets its last place be taken and holds the next; the gravest reason is told."""
    assert reason == entitlement.hold_reason(used, RULE)


@pytest.mark.parametrize("state", [None, *get_args(State)])
def test_a_changed_verdict(state: State | None) -> None:
    """Entitled: made once, renewed if refused. Not any more: withdrawn, or noted when sent."""
    gained, lost = (entitlement.answer_to_verdict(e, state) for e in (True, False))
    assert {None: "make", "refused": "renew"}.get(state) == gained
    withdrawn = "withdraw" if state in ("held", "ready", "rejected", "manual") else "note"
    assert (None if state in (None, "eligible", "refused") else withdrawn) == lost


def test_order_ids_are_fixed_short_and_different() -> None:
    """The same reward and attempt always give the same id of 32 letters and digits."""
    assert order_id(CASE, 1) == order_id(CASE, 1)
    assert 4 == len({order_id(CASE, 1), order_id(CASE, 2), order_id(UUID(int=1), 1), "x"})
    assert order_id(CASE, 1).isalnum()
    assert 32 == len(order_id(CASE, 1))


def test_the_table_knows_no_way_back_from_money() -> None:
    """Out of paid only to reversed, and out of reversed nowhere by itself."""
    assert {"reversed"} == {to for (state, _), to in MOVES.items() if state == "paid"}
    assert not [step for (state, step) in MOVES if state == "reversed"]


def test_unknown_becomes_ready_only_over_rejected() -> None:
    """Neither submitting, accepted nor unknown leads to ready in one step."""
    into_ready = {state for (state, _), to in MOVES.items() if to == "ready"}
    assert {"eligible", "held", "rejected", "manual"} == into_ready


def test_every_other_step_is_illegal() -> None:
    """A step that the table does not have raises."""
    for state, step in product(get_args(State), get_args(Step)):
        if (state, step) not in MOVES:
            with pytest.raises(IllegalMove):
                after(state, step)


def test_every_state_and_step_is_used() -> None:
    """The table and the names agree."""
    states = {state for state, _ in MOVES} | set(MOVES.values())
    assert set(get_args(State)) == states
    assert set(get_args(Step)) == {step for _, step in MOVES}


def test_only_leasing_counts_an_attempt() -> None:
    """A repetition keeps the order id; the next lease makes a new one."""
    first = move(reward("ready"), "leased", NOW, NOW)
    again = move(move(first, "lost", NOW, NOW), "resent", NOW, NOW)
    assert (1, 1) == (first.attempt, again.attempt)
    assert 2 == move(replace(again, state="ready"), "leased", NOW, NOW).attempt


ANSWERS: list[tuple[Outcome, Step]] = [
    (outcomes.Done("1", "c"), "paid"),
    (outcomes.Accepted("1", "c"), "accepted"),
    (outcomes.Reversed("1", "c"), "reversed"),
    (outcomes.Rejected("c", True), "rejected"),
    (outcomes.Rejected("c", False), "rejected"),
    (outcomes.TryLater("c", timedelta()), "rejected"),
    (outcomes.Held("c"), "rejected"),
    (outcomes.Unknown("c"), "lost"),
    (outcomes.NotFound(), "lost"),
]


@pytest.mark.parametrize(("outcome", "step"), ANSWERS)
def test_answers_to_an_order(outcome: Outcome, step: Step) -> None:
    """Only what the vendor surely did not execute is rejected; what is not sure is unknown."""
    assert step == settling.step_after(reward("submitting"), outcome)


@pytest.mark.parametrize(("outcome", "step"), ANSWERS)
def test_answers_to_a_repeated_order(outcome: Outcome, step: Step) -> None:
    """A refusal of the copy does not prove that the first sending was not executed."""
    wanted = "lost" if step == "rejected" else step
    again = reward("submitting", unknown_at=NOW)
    assert wanted == settling.step_after(again, outcome)


@pytest.mark.parametrize("state", ["accepted", "unknown"])
@pytest.mark.parametrize(("outcome", "step"), ANSWERS)
def test_answers_to_a_question(state: State, outcome: Outcome, step: Step) -> None:
    """A failed question changes nothing, and neither does NOT_FOUND."""
    said_nothing = isinstance(
        outcome, outcomes.TryLater | outcomes.Held | outcomes.Unknown | outcomes.NotFound
    )
    wanted = None if said_nothing or (state, step) == ("accepted", "accepted") else step
    assert wanted == settling.step_after(reward(state), outcome)


@pytest.mark.parametrize(("outcome", "step"), ANSWERS)
def test_answers_about_a_paid_order(outcome: Outcome, step: Step) -> None:
    """Only a reversal moves it; a denial is a contradiction for a person."""
    wanted = "reversed" if isinstance(outcome, outcomes.Reversed) else None
    assert wanted == settling.step_after(reward("paid"), outcome)
    denied = isinstance(outcome, outcomes.Rejected | outcomes.NotFound)
    assert denied == settling.contradicts("paid", outcome)


def test_failures_are_counted_where_the_order_is_to_blame() -> None:
    """A refusal counts; an empty wallet or a refused connection does not."""
    sent = move(reward("ready"), "leased", NOW, NOW)
    for outcome, failures in (
        (outcomes.Rejected("c", True), 1),
        (outcomes.Held("c"), 0),
        (outcomes.TryLater("c", timedelta()), 0),
    ):
        settled = settling.settle(sent, "rejected", outcome, NOW, Pace())
        assert (failures, True) == (settled.failures, settled.retriable)


@pytest.mark.parametrize(
    ("retriable", "failures", "step"),
    [(True, 0, "retried"), (True, 2, "retried"), (True, 3, "given_up"), (False, 1, "given_up")],
)
def test_after_a_refusal(retriable: bool, failures: int, step: Step) -> None:
    """Three failures, or one that is final, end at a person."""
    refused = reward("rejected", retriable=retriable, failures=failures)
    assert step == settling.after_refusal(refused, max_failures=3)


def test_questions_slow_down() -> None:
    """2 s after the first question, 4 s after the second, never more than 10 min."""
    pauses = [settling.next_ask(reward("unknown", asked=n), NOW) for n in (1, 2, 500)]
    assert [NOW + timedelta(seconds=s) for s in (2, 4, 600)] == pauses


def test_a_paid_order_is_looked_at_once_more() -> None:
    """A callback before that day does not cancel the look; after it there is none."""
    paid = reward("paid", paid_at=NOW)
    assert NOW + timedelta(days=1) == settling.next_ask(paid, NOW)
    assert settling.next_ask(paid, NOW + timedelta(days=1)) is None


def test_an_order_is_repeated_only_when_absent_settled_and_fresh() -> None:
    """Not before the pause, not after the day, not on any answer but NOT_FOUND."""
    lost = reward("unknown", sent_at=NOW, unknown_at=NOW)
    later = NOW + timedelta(seconds=30)
    assert settling.may_resend(lost, outcomes.NotFound(), later, Pace())
    assert not settling.may_resend(lost, outcomes.Unknown("c"), later, Pace())
    assert not settling.may_resend(lost, outcomes.NotFound(), NOW, Pace())
    assert not settling.may_resend(lost, outcomes.NotFound(), NOW + timedelta(days=2), Pace())
    accepted = replace(lost, state="accepted")
    assert not settling.may_resend(accepted, outcomes.NotFound(), later, Pace())


def test_the_vendors_own_pause_is_respected() -> None:
    """A new order waits at least as long as the vendor asked for."""
    sent = move(reward("ready"), "leased", NOW, NOW)
    later = outcomes.TryLater("c", timedelta(minutes=3))
    settled = settling.settle(sent, "rejected", later, NOW, Pace())
    assert NOW + timedelta(minutes=3) == settled.act_at


def test_writing_off_waits_for_the_vendors_window() -> None:
    """Seven days after the last sending, what is unknown or was accepted, and is denied since."""
    lost = reward("unknown", sent_at=NOW, unknown_at=NOW)
    week = NOW + timedelta(days=7)
    denied = Evidence("notfound", week, asking=False, covered=True, listed=False)
    assert "window" == settling.missing(lost, denied, NOW + timedelta(days=6), Pace())
    assert settling.missing(lost, denied, week, Pace()) is None
    assert settling.missing(replace(lost, state="accepted"), denied, week, Pace()) is None
    sending = replace(lost, state="submitting")
    assert "window" == settling.missing(sending, denied, NOW + timedelta(days=9), Pace())


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, None),
        ({"asking": True}, "asking"),
        ({"answer": None, "heard_at": None}, "answer"),
        *(({"answer": word}, "answer") for word in ("unknown", "accepted", "trylater", "done")),
        ({"heard_at": NOW + timedelta(days=7) - timedelta(microseconds=1)}, "answer"),
        ({"listed": True}, "listed"),
        ({"covered": False}, "statement"),
        ({"covered": False, "listed": True}, "listed"),
    ],
)
def test_what_a_write_off_lacks(changes: dict[str, Any], lacks: str | None) -> None:
    """The vendor's denial, heard after its window, no question under way, and its statements."""
    lost = reward("unknown", sent_at=NOW, unknown_at=NOW)
    over = NOW + timedelta(days=7)
    evidence = Evidence("notfound", over, asking=False, covered=True, listed=False)
    assert lacks == settling.missing(lost, replace(evidence, **changes), over, Pace())


@pytest.mark.parametrize(("state", "withdrawn"), list(product(get_args(State), (True, False))))
def test_a_verdict_on_what_was_sent_is_noted(state: State, withdrawn: bool) -> None:
    """Once, in both directions; what has not left is refused, what is refused is renewed."""
    sent = state in ("submitting", "accepted", "unknown", "paid", "reversed")
    lost = entitlement.answer_to_verdict(False, state, withdrawn)
    assert (lost == "note") == (sent and not withdrawn)
    gained = entitlement.answer_to_verdict(True, state, withdrawn)
    assert (gained == "reinstate") == (withdrawn and state != "refused")


@pytest.mark.parametrize("why", ["withdrawn_at", "late_order"])
def test_nothing_begins_for_what_is_not_due(why: str) -> None:
    """No step after which an order leaves is possible, whichever state it would be taken from."""
    for state, step in MOVES:
        before = reward(state, **{why: NOW if why == "withdrawn_at" else "x"})
        if step in ("scheduled", "approved", "retried", "leased", "resent"):
            with pytest.raises(IllegalMove, match="not due"):
                move(before, step, NOW, NOW)
        else:
            assert MOVES[state, step] == move(before, step, NOW).state


@pytest.mark.parametrize("days", range(1, 10))
@pytest.mark.parametrize("answered", [True, False])
def test_the_look_after_payment_is_repeated_until_it_is_answered(days: int, answered: bool) -> None:
    """A vendor that is away at that moment is asked again, with pauses, for a week."""
    paid = reward("paid", paid_at=NOW, asked=3)
    at = NOW + timedelta(days=days)
    wanted = None if answered or days > 7 else at + timedelta(seconds=8)
    assert wanted == settling.next_ask(paid, at, answered)


LATE_ANSWERS: list[tuple[Outcome, str, bool, bool]] = [
    (outcomes.Done("1", "c"), "paid", False, True),
    (outcomes.Accepted("1", "c"), "alive", True, True),
    (outcomes.Rejected("c", True), "gone", False, False),
    (outcomes.Reversed("1", "c"), "gone", False, False),
    (outcomes.NotFound(), "nothing", False, False),
    (outcomes.Unknown("c"), "nothing", True, True),
    (outcomes.TryLater("c", timedelta()), "nothing", True, True),
    (outcomes.Held("c"), "nothing", True, True),
]


@pytest.mark.parametrize(("outcome", "means", "again", "again_beside"), LATE_ANSWERS)
def test_answers_about_an_earlier_order(
    outcome: Outcome, means: str, again: bool, again_beside: bool
) -> None:
    """What it says, and whether to ask again: alone, and while a later order is open."""
    assert means == late.meaning(outcome)
    alone = late.next_ask(reward("ready"), outcome, False, 1, NOW)
    beside = late.next_ask(reward("accepted"), outcome, True, 1, NOW)
    assert (again, again_beside) == (alone is not None, beside is not None)
