"""How a submission stands for its citizen: what they may say now, their reward. Plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.intake.follow import story
from services.intake.follow.story import Entry, latest
from shared.events import Kind
from shared.policy import Policy
from shared.values import clock

Act = Literal["rate", "follow_up", "withdraw", "take_back", "add", "bind"]
Headline = Literal["received", "counted", "working", "reopened", "answered"]
RewardStands = Literal[
    "scheduled", "held", "refused", "manual", "withdrawn", "clearing", "paid", "paid_elsewhere",
    "reversed", "coming", "checking", "no_phone", "no_airtime",
]  # fmt: skip


# What another phone would bring on its way again.
AWAITED: tuple[RewardStands, ...] = ("scheduled", "held", "manual", "clearing")


@dataclass(frozen=True)
class Phone:
    """Whether a phone is known, and can get airtime, also by the vendors' word."""

    known: bool = False
    airtime: bool = False


@dataclass(frozen=True)
class Reward:
    """The reward's state; only what is scheduled is promised by `due_at`."""

    state: RewardStands
    amount_fen: int
    at: datetime | None = None
    due_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Standing:
    """A submission with its story, by the policy of the day on which it was received."""

    kind: Kind
    entries: Sequence[Entry]
    policy: Policy
    now: datetime
    phone: Phone

    @property
    def verdict(self) -> Entry | None:
        """The verdict that counts."""
        return story.verdict(self.entries)

    @property
    def revision(self) -> int:
        """Its revision; 0 before the first."""
        return int(self.verdict.details["number"]) if self.verdict else 0

    @property
    def reopened(self) -> bool:
        """A follow-up waits for its answer."""
        return story.reopening(self.entries) is not None

    @property
    def answered(self) -> bool:
        """There is a verdict, and nothing that is still to be looked at."""
        return self.verdict is not None and not self._waits_for_the_desk and not self.reopened

    @property
    def _waits_for_the_desk(self) -> bool:
        """A follow-up of which the desk has not heard yet."""
        newest = latest(self.entries, "followup")
        return newest is not None and newest.details["revision"] >= self.revision

    @property
    def has_case(self) -> bool:
        """The desk has it: ratings seldom become one, and what is held does so only later."""
        return latest(self.entries, "opened") is not None

    @property
    def withdrawn(self) -> bool:
        """The citizen's last word on it was to withdraw."""
        newest = latest(self.entries, "withdrawn")
        return newest is not None and bool(newest.details["withdrawn"])

    @property
    def rated(self) -> Entry | None:
        """The newest answers to the two questions."""
        return latest(self.entries, "rated")

    @property
    def unsolved(self) -> bool:
        """Closed, and the citizen says that it is not solved; until they say otherwise."""
        rated = self.rated
        return self.verdict is not None and rated is not None and rated.details["solved"] is False

    @property
    def followup_until(self) -> datetime | None:
        """By when a verdict may be followed up: None where it may not, whatever the time."""
        if self.verdict is None or not self.answered:
            return None
        if self.next("followup") > self.policy.appeal.citizen_times:
            return None
        days = self.policy.appeal.citizen_days
        return clock.days_after_due(self.verdict.at, days, self.policy.zone)

    @property
    def headline(self) -> Headline:
        """What stands above everything."""
        if self.answered:
            return "answered"
        if self.verdict is not None:
            return "reopened"
        if latest(self.entries, "opened"):
            return "working"
        return "received" if self.kind != "rating" else "counted"

    def may(self, act: Act) -> bool:
        """Whether the citizen may do this now."""
        return act in self.acts()

    def acts(self) -> frozenset[Act]:
        """All that the citizen may do now."""
        until = self.followup_until
        possible: dict[Act, bool] = {
            "rate": self.answered,
            "follow_up": until is not None and self.now < until,
            "withdraw": self.has_case and not self.answered and not self.withdrawn,
            "take_back": self.withdrawn,
            "add": self.has_case and not self.answered,
            "bind": self.has_case and self._wants_phone,
        }
        return frozenset(act for act, may in possible.items() if may)

    @property
    def _wants_phone(self) -> bool:
        """None that gets the reward is known, and one would bring it on its way."""
        if self.phone.airtime:
            return False
        reward = self.reward()
        return reward is None or reward.state in ("no_phone", "no_airtime")

    def next(self, step: story.Step) -> int:
        """The number of the next entry of a step."""
        newest = latest(self.entries, step)
        return int(newest.details["number"]) + 1 if newest else 1

    def reward(self) -> Reward | None:
        """The reward as the provider and the people of rewards last said; None: there is none."""
        paid, back = latest(self.entries, "reward_paid"), latest(self.entries, "reward_reversed")
        if back:
            return Reward("reversed", back.details["amount_fen"], back.at)
        if paid:
            where: RewardStands = "paid_elsewhere" if paid.details.get("elsewhere") else "paid"
            return Reward(where, paid.details["amount_fen"], paid.at)
        if decided := latest(self.entries, "reward_decided"):
            told = decided.details
            due = datetime.fromisoformat(told["due_at"]) if _is_promised(decided) else None
            state, reason = told["decision"], told.get("reason")
            if state in AWAITED and self.phone.known and not self.phone.airtime:
                return Reward("no_airtime", told["amount_fen"])
            if state in AWAITED and story.decided_before(self.entries):
                return Reward("checking", told["amount_fen"])
            return Reward(state, told["amount_fen"], decided.at, due, reason)
        return self._undecided()

    def _undecided(self) -> Reward | None:
        rule, told = self.policy.reward, None
        if self.verdict:
            # What an officer's appeal overturned takes nothing back (rule 8).
            told = self.verdict.details.get("rewarded_by") or self.verdict.details["verdict"]
        if self.kind != "complaint" or told not in rule.verdicts:
            return None
        if self.phone.airtime:
            return Reward("coming", rule.amount_fen)
        return Reward("no_airtime" if self.phone.known else "no_phone", rule.amount_fen)


def _is_promised(decided: Entry) -> bool:
    return bool(decided.details["decision"] == "scheduled")
