"""For tests: one payout between our rules and vendors who execute, lose, delay and deny.

`book` is what they truly did, by order id: each takes an id once and remembers it for ever. `at` is
the vendor to which an order was sent; the others never heard of it, and would say so if they were
asked. `held` are those that take nothing until an operator has acted. `travelling` are orders of
which a copy may still arrive. What could pay twice shows here as two
orders alive, or two executed; what would be sent for a verdict that was withdrawn shows as a
sending that begins while nobody is `entitled`.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

from services.rewards.rules import routing, settling
from services.rewards.rules.entitlement import answer_to_verdict
from services.rewards.rules.orders import Evidence
from services.rewards.rules.payouts import Pace, Reward, aside, move
from services.rewards.rules.routing import Offer, Past
from services.rewards.rules.states import MOVES, WITHDRAWABLE, Step
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome

START = datetime(2026, 3, 3, tzinfo=UTC)
PACE = Pace()
Fate = Literal["CONFIRMED", "COMPLETED", "DECLINED", "REVERSED"]
TOLD: Mapping[Fate, Outcome] = {
    "CONFIRMED": outcomes.Accepted("1", "c"),
    "COMPLETED": outcomes.Done("1", "c"),
    "DECLINED": outcomes.Rejected("c", True),
    "REVERSED": outcomes.Reversed("1", "c"),
}
USED = outcomes.Unknown("used")  # what an order id that the vendor has already is answered with
REFUSALS: Mapping[str, Outcome] = {
    "refuse": outcomes.Rejected("c", True),
    "refuse for good": outcomes.Rejected("c", False),
    "try later": outcomes.TryLater("c", timedelta()),
    "empty wallet": outcomes.Held("c"),
}
LATER, NO_TIME = REFUSALS["refuse"], timedelta()
# Just past each limit of time that the rules know, and within the first.
SPANS = {
    "a second": timedelta(seconds=1),
    "the pause": PACE.resend_after,
    "a day": PACE.resend_within + timedelta(seconds=1),
    "the window": PACE.vendor_window,
}
Acts = dict[str, Callable[[], None]]


def new_reward() -> Reward:
    """A reward on which nothing is decided yet."""
    return Reward(
        id=UUID(int=1), case_id=UUID(int=2), submission_id=UUID(int=3), incident_id=UUID(int=4),
        unit_code="u-1", language="zh", phone_index="p", phone_sealed="s", amount_fen=2000,
        month=START.date(), verified_at=START, due_at=START,
    )  # fmt: skip


@dataclass
class Payout:
    """The world of one reward; `acts` are the things that may happen next."""

    now: datetime = START
    reward: Reward = field(default_factory=new_reward)
    vendors: tuple[str, ...] = ("one",)
    held: frozenset[str] = frozenset()
    at: dict[str, str] = field(default_factory=dict)
    book: dict[str, Fate] = field(default_factory=dict)
    travelling: frozenset[str] = frozenset()
    signed: frozenset[str] = frozenset()
    orders: tuple[str, ...] = ()
    paid_moves: int = 0
    entitled: bool = True
    heard: str | None = None
    heard_at: datetime | None = None

    def is_alive(self, order: str) -> bool:
        """Whether the vendor's first execution of this id could still happen, or has happened.

        In the book, only its entry counts: not finally failed. A late copy of an id that is there
        is refused. Not in the book, a copy on its way counts.
        """
        if order in self.book:
            return self.book[order] != "DECLINED"
        return order in self.travelling

    @property
    def alive(self) -> list[str]:
        """The orders that may still cost money, or have."""
        return [order for order in self.orders if self.is_alive(order)]

    @property
    def executed(self) -> list[str]:
        """The orders that the vendor carried out, also if it took the money back later."""
        return [o for o, fate in self.book.items() if fate in ("COMPLETED", "REVERSED")]

    def check(self) -> None:
        """What must hold at every moment."""
        assert len(self.executed) <= 1, "the vendor executed two orders"
        assert self.paid_moves <= 1, "two payments were told"
        assert len(self.alive) <= 1, "two orders are alive"

    def after(self, act: str) -> "Payout":
        """The world after something happened; this one stays."""
        world = copy(self)
        world.book, world.at = dict(self.book), dict(self.at)
        world.acts()[act]()
        return world

    def acts(self) -> Acts:
        """What may happen now, by the name that a report shows."""
        acts: Acts = {f"wait {name}": partial(self.wait, span) for name, span in SPANS.items()}
        acts |= {f"{vendor} opens": partial(self.opens, vendor) for vendor in self.held}
        if self.travelling:
            acts["copy arrives"] = self.copy_arrives
        if "CONFIRMED" in self.book.values():
            acts["vendor completes"] = partial(self.vendor_settles, "CONFIRMED", "COMPLETED")
            acts["vendor declines"] = partial(self.vendor_settles, "CONFIRMED", "DECLINED")
        if "COMPLETED" in self.book.values():
            acts["vendor reverses"] = partial(self.vendor_settles, "COMPLETED", "REVERSED")
        return acts | self._people() | self._ours()

    def _people(self) -> Acts:
        state = self.reward.state
        acts: Acts = {}
        for step in ("scheduled", "held", "approved", "refused"):
            if (state, step) in MOVES and (step != "refused" or state in WITHDRAWABLE):
                acts[step] = partial(self.step, step)
        withdrawn = self.reward.withdrawn_at is not None
        if answer_to_verdict(False, state, withdrawn):
            acts["verdict withdrawn"] = self.withdraw
        if answer_to_verdict(True, state, withdrawn):
            acts["entitled again"] = self.entitle
        if not settling.missing(self.reward, self.evidence, self.now, PACE):
            acts |= {f"{person} signs": partial(self.sign, person) for person in "ab"}
        return acts

    @property
    def evidence(self) -> Evidence:
        """What two people see: the vendor's last answer, and what it was paid for on no day."""
        listed = self.reward.order_id in self.executed
        return Evidence(self.heard, self.heard_at, asking=False, covered=True, listed=listed)

    def withdraw(self) -> None:
        """A later revision no longer entitles to the reward."""
        answer = answer_to_verdict(False, self.reward.state, self.reward.withdrawn_at is not None)
        self.entitled = False
        if answer == "withdraw":
            self.step("refused")
            self.reward = replace(self.reward, withdrawn_at=self.now)
        elif answer == "note":
            self.reward = aside(self.reward, "withdrawn", self.now)

    def entitle(self) -> None:
        """A later revision entitles to it again."""
        answer = answer_to_verdict(True, self.reward.state, self.reward.withdrawn_at is not None)
        self.entitled = True
        if answer == "renew":
            self.step("entitled")
        elif answer == "reinstate":
            self.reward = aside(self.reward, "reinstated", self.now)

    def _ours(self) -> Acts:
        match self.reward.state:
            case "ready":
                return {"lease": self.lease} if self.offers else {}
            case "submitting":
                return self._sending()
            case "accepted" | "unknown" | "paid":
                return {"ask": self.ask, "ask in vain": partial(self.hear, outcomes.Unknown("c"))}
            case "rejected":
                return {"retry": self.retry}
        return {}

    def _sending(self) -> Acts:
        recovered: Acts = {"lease expires": partial(self.hear, outcomes.Unknown("lease_expired"))}
        if self.reward.sent_at is None or self.now >= self.reward.sent_at + PACE.lease:
            return recovered  # the errand drops a claim that was slept over: no byte leaves late
        if not self.reward.is_due:
            return recovered | {"not sent": partial(self.hear, outcomes.TryLater("c", NO_TIME))}
        fates = ("answered", "dropped", "delayed")
        sent: Acts = {f"send {fate}": partial(self.send, fate) for fate in fates}
        late = "withdrawn meanwhile"
        sent |= {f"send {fate}, {late}": partial(self.send, fate, True) for fate in fates}
        sent |= {n: partial(self.refuse, o) for n, o in REFUSALS.items()}
        return recovered | sent | {f"refuse, {late}": partial(self.refuse, LATER, True)}

    def step(self, step: Step, outcome: Outcome | None = None) -> None:
        """Move by the rules, and count what must be counted."""
        if outcome:
            self.reward = settling.settle(self.reward, step, outcome, self.now, PACE)
        else:
            self.reward = move(self.reward, step, self.now, act_at=self.now)
        self.paid_moves += step == "paid"

    def hear(self, outcome: Outcome) -> None:
        """An answer of the vendor."""
        self.heard, self.heard_at = outcomes.kind(outcome), self.now
        if step := settling.step_after(self.reward, outcome):
            self.step(step, outcome)

    def wait(self, span: timedelta) -> None:
        """Copies that were on their way for longer than the vendor's window are gone."""
        self.now += span
        if self.reward.sent_at and self.now >= self.reward.sent_at + PACE.vendor_window:
            self.travelling = frozenset()

    @property
    def offers(self) -> list[Offer]:
        """Whoever takes an order now, the preferred one first."""
        return [Offer(one, 2000, "p") for one in self.vendors if one not in self.held]

    def lease(self) -> None:
        """A new order id, at a vendor that takes one; only ever while none is alive anywhere."""
        past = [Past(self.at[order], "rejected") for order in self.orders]
        [chosen, *_] = routing.rank(self.offers, past)
        assert [] == self.alive, "a new order while one is alive"
        assert self.entitled, "a sending begins, withdrawn"
        self.step("leased")
        self.at[self.reward.order_id] = chosen.vendor
        assert self.reward.order_id not in self.orders
        self.orders += (self.reward.order_id,)

    def send(self, fate: str, withdrawn: bool = False) -> None:
        """The order arrives and is answered, or the answer is lost, or the order is late.

        Perhaps the verdict is withdrawn while it is away.
        """
        assert self.entitled, "a sending begins, withdrawn"
        order = self.reward.order_id
        answer: Outcome = outcomes.Unknown("lost")
        if fate in ("answered", "dropped"):
            came = self.deliver(order)
            answer = came if fate == "answered" else answer
        elif fate == "delayed":
            self.travelling |= {order}
        if withdrawn:
            self.withdraw()
        self.hear(answer)

    def deliver(self, order: str) -> Outcome:
        """The vendor takes an id once."""
        if order in self.book:
            return USED
        self.book[order] = "CONFIRMED"
        return TOLD["CONFIRMED"]

    def refuse(self, outcome: Outcome, withdrawn: bool = False) -> None:
        """The vendor refuses this copy; an id that it has already it would call used."""
        assert self.entitled, "a sending begins, withdrawn"
        if withdrawn:
            self.withdraw()
        used = self.reward.order_id in self.book
        if isinstance(outcome, outcomes.Held) and not used and len(self.vendors) > 1:
            self.held |= {self.at[self.reward.order_id]}
        self.hear(USED if used else outcome)

    def opens(self, vendor: str) -> None:
        """An operator has acted."""
        self.held -= {vendor}

    def copy_arrives(self) -> None:
        """A delayed copy reaches the vendor after all."""
        order = min(self.travelling)
        self.travelling -= {order}
        self.deliver(order)

    def vendor_settles(self, before: Fate, end: Fate) -> None:
        """The operator's word, or its second thoughts."""
        self.book = {o: end if fate == before else fate for o, fate in self.book.items()}

    def ask(self) -> None:
        """The vendor tells the truth; an absent order is sent again when the rules allow it."""
        fate = self.book.get(self.reward.order_id)
        outcome = TOLD[fate] if fate else outcomes.NotFound()
        if settling.may_resend(self.reward, outcome, self.now, PACE):
            assert self.entitled, "a sending begins, withdrawn"
            self.step("resent")
            self.heard = self.heard_at = None
        else:
            self.hear(outcome)

    def sign(self, person: str) -> None:
        """One of two different people."""
        self.signed |= {person}
        if len(self.signed) == 2:
            self.reward = settling.write_off(self.reward, self.now)
            self.signed = frozenset()

    def retry(self) -> None:
        """A new order, or a person."""
        step = settling.after_refusal(self.reward, PACE.max_failures)
        assert step != "retried" or self.entitled, "a sending begins, withdrawn"
        self.step(step)
