"""The payout's rules against a vendor who executes, loses, delays and denies as it likes."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.rewards.rules import settling
from services.rewards.rules.payouts import Pace, Reward, move
from services.rewards.rules.states import WITHDRAWABLE, State, Step
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome

START = datetime(2026, 3, 3, tzinfo=UTC)
PACE = Pace()


class Payout(RuleBasedStateMachine):
    """`book` is what the vendor truly did, by order id; `travelling` may still reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.book: dict[str, str] = {}
        self.travelling: set[str] = set()
        self.signed: set[str] = set()
        self.orders: list[str] = []
        self.paid_moves = 0
        self.reward = Reward(
            id=UUID(int=1), case_id=UUID(int=2), submission_id=UUID(int=3), incident_id=UUID(int=4),
            unit_code="u-1", language="zh", phone_index="p", phone_sealed="s", amount_fen=2000,
            month=START.date(), verified_at=START, due_at=START,
        )  # fmt: skip

    def step(self, step: Step, outcome: Outcome | None = None) -> None:
        """Move by the rules, and count what must be counted."""
        if outcome:
            self.reward = settling.settle(self.reward, step, outcome, self.now, PACE)
        else:
            self.reward = move(self.reward, step, self.now, act_at=self.now)
        self.paid_moves += step == "paid"

    def hear(self, outcome: Outcome) -> None:
        """An answer of the vendor."""
        if step := settling.step_after(self.reward, outcome):
            self.step(step, outcome)

    def truth(self) -> Outcome:
        """What the vendor says about the present order."""
        order = self.reward.order_id
        known: dict[str, Outcome] = {
            "CONFIRMED": outcomes.Accepted(order, "c"),
            "COMPLETED": outcomes.Done(order, "c"),
            "DECLINED": outcomes.Rejected("c", True),
            "REVERSED": outcomes.Reversed(order, "c"),
        }
        return known[self.book[order]] if order in self.book else outcomes.NotFound()

    def deliver(self, order: str) -> Outcome:
        """The vendor takes an id once."""
        if order in self.book:
            return outcomes.Unknown("1007001")
        self.book[order] = "CONFIRMED"
        return outcomes.Accepted(order, "c")

    @rule(seconds=st.integers(1, 900_000))
    def time_passes(self, seconds: int) -> None:
        """Copies that were on their way for longer than the vendor's window are gone."""
        self.now += timedelta(seconds=seconds)
        sent = self.reward.sent_at
        if sent and self.now >= sent + PACE.vendor_window:
            self.travelling.clear()

    @precondition(lambda self: self.reward.state == "eligible")
    @rule(hold=st.booleans())
    def decide(self, hold: bool) -> None:
        """Caps pass, or not."""
        self.step("held" if hold else "scheduled")

    @precondition(lambda self: self.reward.state in ("held", "manual"))
    @rule(approve=st.booleans())
    def second_person(self, approve: bool) -> None:
        """A word on a held or manual reward."""
        self.step("approved" if approve else "refused")

    @precondition(lambda self: self.reward.state in WITHDRAWABLE or self.reward.state == "refused")
    @rule()
    def verdict_changes(self) -> None:
        """Withdrawn, or earned again."""
        self.step("entitled" if self.reward.state == "refused" else "refused")

    @precondition(lambda self: self.reward.state == "ready")
    @rule()
    def lease(self) -> None:
        """A new order id: no earlier order may be alive, unless two people signed for it."""
        for order in self.orders:
            # A late copy of an id that the vendor has is refused: only the book counts then.
            fate = self.book.get(order, "TRAVELLING" if order in self.travelling else "DECLINED")
            assert "DECLINED" == fate
        self.step("leased")
        assert self.reward.order_id not in self.orders
        self.orders.append(self.reward.order_id)

    @precondition(lambda self: self.reward.state == "submitting")
    @rule(fate=st.sampled_from(["answered", "dropped", "delayed", "crash"]))
    def send(self, fate: str) -> None:
        """The order arrives and is answered, or the answer is lost, or the order is."""
        order = self.reward.order_id
        if fate == "answered":
            self.hear(self.deliver(order))
            return
        if fate == "dropped":
            self.deliver(order)
        elif fate == "delayed":
            self.travelling.add(order)
        self.hear(outcomes.Unknown("lost"))

    @precondition(lambda self: self.reward.state == "submitting")
    @rule(
        outcome=st.sampled_from(
            [
                outcomes.Rejected("c", True), outcomes.Rejected("c", False),
                outcomes.TryLater("c", timedelta()), outcomes.Held("c"),
            ]
        )
    )  # fmt: skip
    def refuse(self, outcome: Outcome) -> None:
        """The vendor refuses this copy; an id that it has already it would call used."""
        self.hear(outcome if self.reward.order_id not in self.book else outcomes.Unknown("1007001"))

    @precondition(lambda self: self.travelling)
    @rule()
    def copy_arrives(self) -> None:
        """A delayed copy reaches the vendor after all."""
        self.deliver(self.travelling.pop())

    @precondition(lambda self: "CONFIRMED" in self.book.values())
    @rule(end=st.sampled_from(["COMPLETED", "DECLINED"]))
    def vendor_settles(self, end: str) -> None:
        """The operator's word."""
        for order, state in self.book.items():
            self.book[order] = end if state == "CONFIRMED" else state

    @precondition(lambda self: "COMPLETED" in self.book.values())
    @rule()
    def vendor_reverses(self) -> None:
        """Rarely and late."""
        for order, state in self.book.items():
            self.book[order] = "REVERSED" if state == "COMPLETED" else state

    @precondition(lambda self: self.reward.state in ("accepted", "unknown", "paid"))
    @rule(failed=st.booleans())
    def ask(self, failed: bool) -> None:
        """A question, which may fail; an absent order is sent again when the rules allow it."""
        outcome = outcomes.Unknown("timeout") if failed else self.truth()
        if settling.may_resend(self.reward, outcome, self.now, PACE):
            self.step("resent")
        else:
            self.hear(outcome)

    @precondition(lambda self: self.reward.state == "unknown")
    @rule(person=st.sampled_from(["a", "b", "c"]))
    def sign(self, person: str) -> None:
        """Two people who looked at the closed statement and do not find the order there."""
        absent = self.reward.order_id not in self.book
        if not settling.may_write_off(self.reward, self.now, PACE) or not absent:
            return
        self.signed.add(person)
        if len(self.signed) == 2:
            self.reward = settling.write_off(self.reward, self.now)
            self.signed.clear()

    @precondition(lambda self: self.reward.state == "rejected")
    @rule()
    def retry(self) -> None:
        """A new order, or a person."""
        self.step(settling.after_refusal(self.reward, PACE.max_failures))

    @invariant()
    def paid_at_most_once(self) -> None:
        """Never two orders that the vendor executed, never two payments told."""
        executed = [s for s in self.book.values() if s in ("COMPLETED", "REVERSED")]
        assert len(executed) <= 1
        assert self.paid_moves <= 1

    @invariant()
    def one_order_alive(self) -> None:
        """At most one order that the vendor has, or may get, and has not declined."""
        assert len({o for o, s in self.book.items() if s != "DECLINED"} | self.travelling) <= 1

    @invariant()
    def a_known_state(self) -> None:
        """The row is one that the table of states knows."""
        assert self.reward.state in get_args(State)


Payout.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestPayout = Payout.TestCase
