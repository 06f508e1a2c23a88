"""The rules of SMS at their edges: every answer in every state, every limit, and whole lives."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notifications.rules import messages as rules
from services.notifications.rules.messages import FINAL, Limits, Next, Purpose, Standing, State
from services.notifications.views import figures_of
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from tests.unit.test_notifications_rules import standing

LIMITS = Limits()
TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
OUTCOMES: tuple[Outcome, ...] = (
    Accepted("1^0", "x"), Done("1^0", "x"), Reversed("1^0", "x"), Rejected("x", True),
    Rejected("x", False), TryLater("x", SECOND), Held("x"), Unknown("x"), NotFound(),
)  # fmt: skip
YOUNG, OLD = LIMITS.give_up - TICK, LIMITS.give_up


@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
def test_age_changes_only_what_was_never_sent(outcome: Outcome) -> None:
    """At 72 hours "later" becomes a failure; every other answer to a call means what it meant."""
    young, old = (rules.after_send(outcome, standing(age=age), LIMITS) for age in (YOUNG, OLD))
    if isinstance(outcome, TryLater):
        assert ("queued", "failed", "x") == (young.state, old.state, old.code)
    else:
        assert young == old


@pytest.mark.parametrize("state", ["accepted", "unknown"])
@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
def test_giving_up_needs_the_whole_time_and_no_word(state: State, outcome: Outcome) -> None:
    """A microsecond before 72 hours it stays open; then only a vendor's word beats lost."""
    young, old = (
        rules.after_query(outcome, standing(state, age=age), LIMITS) for age in (YOUNG, OLD)
    )
    told: dict[type[Outcome], State] = {Done: "delivered", Rejected: "failed"}
    assert told.get(type(outcome), "lost") == old.state
    assert "lost" != young.state
    assert (old.state in FINAL) == (old.wait is None)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
def test_only_delivered_failed_and_held_need_no_further_look(outcome: Outcome) -> None:
    """Whatever comes back from a call, an open message has a next moment."""
    to = rules.after_send(outcome, standing(), LIMITS)
    assert (to.state in FINAL or to.state == "held") == (to.wait is None)
    assert not to.repeat


@pytest.mark.parametrize(
    ("since_call", "repeats", "state"),
    [
        (LIMITS.settle_after - TICK, 0, "unknown"),
        (LIMITS.settle_after, 0, "queued"),
        (LIMITS.settle_after, LIMITS.repeats - 1, "queued"),
        (LIMITS.settle_after, LIMITS.repeats, "unknown"),
    ],
)
def test_the_edges_of_repeating(since_call: timedelta, repeats: int, state: State) -> None:
    """Exactly when the vendor has had its time to list it, and exactly so many times."""
    message = standing("unknown", since_call=since_call, repeats=repeats)
    to = rules.after_query(NotFound(), message, LIMITS)
    assert (state, state == "queued") == (to.state, to.repeat)


def test_without_repeats_nothing_is_sent_twice() -> None:
    """A bureau that prefers a lost SMS to a doubled one sets the repeats to none."""
    message = standing("unknown", since_call=timedelta(hours=1))
    assert "unknown" == rules.after_query(NotFound(), message, replace(LIMITS, repeats=0)).state


@pytest.mark.parametrize(
    ("attempt", "after", "wait"),
    [(1, 1, 2), (1, 2, 2), (1, 3, 3), (3, 1, 8), (9, 1, 512), (10, 1, 600), (99, 601, 601)],
)
def test_the_longer_of_both_pauses_counts(attempt: int, after: int, wait: int) -> None:
    """Ours doubles with each attempt up to ten minutes; the vendor's is never cut short."""
    later = TryLater("x", timedelta(seconds=after))
    to = rules.after_send(later, standing(attempt=attempt), LIMITS)
    assert timedelta(seconds=wait) == to.wait


@given(st.integers(0, 10_000), st.sampled_from(OUTCOMES))
def test_questions_become_rare_but_never_end(queries: int, outcome: Outcome) -> None:
    """However often it was asked, an open message is asked about again within ten minutes."""
    to = rules.after_query(outcome, standing("accepted", queries=queries), LIMITS)
    if to.state not in FINAL:
        assert to.wait is not None
        assert SECOND <= to.wait <= timedelta(minutes=10)


COUNTS: st.SearchStrategy[dict[tuple[Purpose, State], int]] = st.dictionaries(
    st.tuples(st.sampled_from(get_args(Purpose)), st.sampled_from(get_args(State))),
    st.integers(1, 99),
)


@given(COUNTS)
def test_every_message_is_in_exactly_one_count(counts: dict[tuple[Purpose, State], int]) -> None:
    """Taken by the vendor, failed, unknown, held or queued; delivered is a part of taken."""
    shown = figures_of(counts)
    parts = (shown.thanks, shown.paid_messages, shown.unreached, shown.words,
             shown.questions, shown.howtos, shown.notices, shown.money,
             shown.urgent, shown.codes, shown.invitations, shown.receipts, shown.failed,
             shown.unknown, shown.held, shown.queued)  # fmt: skip
    assert sum(counts.values()) == sum(parts)
    assert shown.thanks_delivered <= shown.thanks
    assert shown.paid_messages_delivered <= shown.paid_messages


class AnyMessage(RuleBasedStateMachine):
    """A message and a vendor that is not idempotent; `taken` is how often it truly took it.

    `coming` are copies under way: the vendor lists them within `settle_after`, or never saw them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.message = Standing("queued", 0, 0, 0, timedelta(), timedelta())
        self.taken, self.coming, self.settled = 0, 0, 0

    def go(self, to: Next) -> None:
        """As the store does it."""
        self.message = replace(
            self.message,
            state=to.state,
            repeats=self.message.repeats + to.repeat,
        )
        self.settled += to.state in FINAL

    @precondition(lambda self: self.message.state == "queued")
    @rule(
        fate=st.sampled_from(["taken", "answer lost", "on its way", "never left", *OUTCOMES[3:7]])
    )
    def send(self, fate: str | Outcome) -> None:
        """A call: taken, lost on either way, slow, or refused before anything was sent."""
        attempt = self.message.attempt + 1
        self.message = replace(
            self.message, state="sending", attempt=attempt, queries=0, since_call=timedelta()
        )
        self.taken += fate in ("taken", "answer lost")
        self.coming += fate == "on its way"
        outcome = fate if not isinstance(fate, str) else Unknown("lost")
        self.go(rules.after_send(Accepted("1", "x") if fate == "taken" else outcome,
                                 self.message, LIMITS))  # fmt: skip

    @precondition(lambda self: self.message.state in ("accepted", "unknown"))
    @rule(fate=st.sampled_from(["listed", "delivered", "silent"]))
    def ask(self, fate: str) -> None:
        """The vendor tells what it has, or nothing."""
        self.message = replace(self.message, queries=self.message.queries + 1)
        found: Outcome = Unknown("silent")
        if fate != "silent":
            has = Done("1", "x") if fate == "delivered" else Accepted("1", "x")
            found = has if self.taken else NotFound()
        to = rules.after_query(found, self.message, LIMITS)
        if to.state != self.message.state:
            self.go(to)

    @precondition(lambda self: self.message.state == "held")
    @rule()
    def release(self) -> None:
        """A person mended what was wrong."""
        self.message = replace(self.message, state="queued")

    @rule(seconds=st.integers(1, 100_000))
    def time_passes(self, seconds: int) -> None:
        """What was on its way arrives before the vendor's list is believed."""
        span = timedelta(seconds=seconds)
        message = self.message
        if message.state in ("sending", "accepted", "unknown"):
            self.taken, self.coming = self.taken + self.coming, 0
        self.message = replace(
            message, age=message.age + span, since_call=message.since_call + span
        )

    @invariant()
    def never_twice(self) -> None:
        """The citizen gets one SMS at most, and its end is told once."""
        assert self.taken + self.coming <= 1
        assert self.settled <= 1

    @invariant()
    def repeats_are_few(self) -> None:
        """Calls after an unknown one stay within the limit."""
        assert self.message.repeats <= LIMITS.repeats


AnyMessage.TestCase.settings = settings(stateful_step_count=40)
TestAnyMessage = AnyMessage.TestCase
