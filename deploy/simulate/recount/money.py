"""Rule 8: each reward, worked out fact by fact: earned, held and why, refused, sent, paid."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from deploy.simulate.facts import Alerted, Bound, Decided, Fact, Failed, Left, Lost, Paid
from deploy.simulate.recount.alerts import Alerts, Unpaid
from deploy.simulate.recount.orders import orders, reward_id
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Effect, Merge, Story, airtime

MOST_FAILURES = 3
# What has not left yet, or not for good: it takes its place in every cap.
CAPS = ("phone_incident_cap", "incident_cap")
Vendors = Left | Lost | Failed | Paid
Happening = Effect | Merge | Bound | Decided | Alerted | Vendors


@dataclass
class Reward:
    """The reward of a case; `sent` while an order may be carried out, `due` while it is earned."""

    story: Story
    incident: str
    phone: str
    verified: datetime
    month: date
    state: str = "ready"
    reason: str = ""
    failures: int = 0
    orders: int = 0
    due: bool = True
    fen: int = 0
    paid: datetime | None = None

    @property
    def unpaid(self) -> Unpaid:
        """By when it is due 「在2日內」, and whether it is done."""
        days = timedelta(days=self.story.edition.rule["reward"]["days"])
        return Unpaid(self.story.edition.midnight(self.day + days), self.paid)

    @property
    def day(self) -> date:
        """The day of its verdict."""
        return self.story.edition.day(self.verified)

    @property
    def takes_a_place(self) -> bool:
        """Whether it counts in the caps."""
        return self.state not in ("held", "refused")


@dataclass
class Money:
    """All rewards, by case; `strange` are orders of none of ours."""

    stories: Stories
    roster: frozenset[str]
    rewards: dict[str, Reward] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    alerts: Alerts = field(default_factory=Alerts)
    _orders: dict[str, str] = field(default_factory=dict)
    _incidents: dict[str, str] = field(default_factory=dict)

    def count(self, facts: Sequence[Fact]) -> None:
        """Go through everything in its order."""
        self._incidents = {story.case: story.case for story in self.stories}
        self._orders = {own: story.case for story in self.stories for own in orders(story.case)}
        for _, _, story, happening in sorted(self._happenings(facts), key=lambda one: one[:2]):
            self._take(story, happening)

    def _happenings(self, facts: Sequence[Fact]) -> Iterable[tuple[int, int, str, Happening]]:
        for story in self.stories:
            yield from ((one.order, 1, story.case, one) for one in story.effects)
        yield from ((one.order, 0, one.cases[0], one) for one in self.stories.merges)
        for order, fact in enumerate(facts):
            match fact:
                case Bound():
                    if bound := self.stories.of_submission(fact.submission):
                        yield order, 1, bound.case, fact
                case Decided():
                    yield order, 1, fact.case, fact
                case Alerted():
                    yield order, 1, "", fact
                case Left() | Lost() | Failed() | Paid():
                    yield order, 1, self._orders.get(fact.order, ""), fact

    def _take(self, case: str, happening: Happening) -> None:
        match happening:
            case Effect():
                self._verdict(case, happening.at, happening)
            case Merge():
                self._merge(happening)
            case Bound():
                self._bound(case, happening)
            case Decided():
                self._decided(case, approved=happening.approved)
            case Alerted(at):
                near = (one.unpaid for one in self.rewards.values() if one.state != "refused")
                self.alerts.look(at, self.stories.book.at(at), near)
            case Left() | Lost() | Failed() | Paid():
                self._vendor(case, happening)

    def _verdict(self, case: str, at: datetime, effect: Effect) -> None:
        story, reward = self.stories.of[case], self.rewards.get(case)
        rule = story.edition.rule["reward"]
        # An officer's appeal takes no reward back.
        found = effect.ruling.overturned or effect.ruling.verdict
        earned = story.complaint and found in rule["verdicts"]
        phone = self.stories.phone(story, at)
        if earned and airtime(phone):
            self._earn(story, reward, at, phone)
        elif reward is not None:
            self._lose(reward)

    def _earn(self, story: Story, reward: Reward | None, at: datetime, phone: str) -> None:
        incident = self._incidents[story.case]
        month = story.edition.day(at).replace(day=1)
        if reward is None:
            fresh = Reward(story, incident, phone, at, month)
            fresh.fen = int(story.edition.rule["reward"]["amount_fen"])
            self.rewards[story.case] = fresh
            self._decide(fresh)
        elif reward.state == "refused":
            again = reward.reason == "by_hand"
            reward.incident, reward.phone = incident, phone
            reward.verified, reward.month, reward.due = at, month, True
            self._decide(reward, "refused_before" if again else "")
        else:
            reward.due = True

    def _lose(self, reward: Reward) -> None:
        if reward.state in ("held", "ready", "rejected", "manual"):
            reward.state, reward.reason, reward.due = "refused", "verdict_changed", False
        elif reward.state != "refused":
            reward.due = False

    def _decide(self, reward: Reward, reason: str = "") -> None:
        reason = reason or self._held(reward)
        reward.state, reward.reason = ("held", reason) if reason else ("ready", "")

    def _others(self, reward: Reward) -> list[Reward]:
        return [one for one in self.rewards.values() if one is not reward and one.takes_a_place]

    def _over(self, reward: Reward) -> str:
        rule = reward.story.edition.rule["reward"]
        same = [one for one in self._others(reward) if one.incident == reward.incident]
        if sum(one.phone == reward.phone for one in same) >= rule["per_phone_per_incident"]:
            return "phone_incident_cap"
        return "incident_cap" if len(same) >= rule["per_incident"] else ""

    def _held(self, reward: Reward) -> str:
        """The gravest reason why a second person must look."""
        rule = reward.story.edition.rule["reward"]
        if reward.phone in self.roster:
            return "roster_phone"
        return self._over(reward) or self._odd(reward) or self._spent(reward, rule)

    def _odd(self, reward: Reward) -> str:
        """What it has in common with others, held or not. Nobody names counters in this city."""
        odd = reward.story.edition.rule["reward"].get("odd", {})
        others = [one for one in self.rewards.values() if one is not reward and one.due]
        units = {reward.story.filed.unit}
        near = {reward.phone}
        for one in others:
            apart = abs(one.verified - reward.verified)
            if one.phone == reward.phone and apart <= _days(odd, "phone_units"):
                units.add(one.story.filed.unit)
            if _follows(one.phone, reward.phone) and apart <= _days(odd, "near_phones"):
                near.add(one.phone)
        if len(units) >= odd.get("phone_units", math.inf):
            return "phone_units"
        return "near_phones" if len(near) >= odd.get("near_phones", math.inf) else ""

    def _spent(self, reward: Reward, rule: Mapping[str, Any]) -> str:
        month = [one for one in self._others(reward) if one.month == reward.month]
        unit, day = reward.story.filed.unit, reward.day
        sums: Mapping[str, tuple[str, Callable[[Reward], bool]]] = {
            "phone_month_cap": ("per_phone_month_fen", lambda one: one.phone == reward.phone),
            "unit_month_cap": ("per_unit_month_fen", lambda one: one.story.filed.unit == unit),
            "day_cap": ("per_day_fen", lambda one: one.day == day),
            "month_budget": ("budget_month_fen", lambda _: True),
        }
        for reason, (name, counts) in sums.items():
            spent = sum(one.fen for one in month if counts(one))
            if spent + reward.fen > rule.get(name, math.inf):
                return reason
        return ""

    def _merge(self, merge: Merge) -> None:
        for case, before in zip(merge.cases, merge.before, strict=True):
            self._incidents[case] = merge.incident
            reward = self.rewards.get(case)
            if reward is None:
                continue
            reward.incident = merge.incident
            for changed in (before, merge.incident):
                self._keep_caps(changed)

    def _keep_caps(self, incident: str) -> None:
        undecided = [
            one for one in self.rewards.values()
            if one.incident == incident
            and (one.state == "ready" or (one.state == "held" and one.reason in CAPS))
        ]  # fmt: skip
        undecided.sort(key=lambda one: (one.verified, reward_id(one.story.case)))
        for one in reversed(undecided):
            if one.state == "ready" and (over := self._over(one)):
                one.state, one.reason = "held", over
        for one in undecided:
            if one.state == "held" and one.due and not self._held(one):
                one.state, one.reason = "ready", ""

    def _bound(self, case: str, fact: Bound) -> None:
        story = self.stories.of[case]
        newest = [one for one in story.effects if one.at <= fact.at]
        if newest and case not in self.rewards:
            self._verdict(case, fact.at, newest[-1])

    def _decided(self, case: str, *, approved: bool) -> None:
        reward = self.rewards[case]
        reward.state = "ready" if approved else "refused"
        reward.reason = "" if approved else "by_hand"

    def _vendor(self, case: str, fact: Vendors) -> None:
        reward = self.rewards.get(case)
        if reward is None:
            self.strange.append(fact.order)
            return
        match fact:
            case Left():
                reward.state, reward.orders = "sent", reward.orders + 1
            case Lost():
                reward.state = "unknown"
            case Paid():
                reward.state, reward.paid = "paid", fact.at
            case Failed():
                reward.failures += 1
                more = fact.again and reward.failures < MOST_FAILURES
                reward.state = "rejected" if more else "manual"
                if not reward.due:
                    reward.state, reward.reason = "refused", "verdict_changed"


def _days(odd: Mapping[str, int], name: str) -> timedelta:
    return timedelta(days=odd.get(f"{name}_days", 30))


def _follows(one: str, other: str) -> bool:
    """Whether two mainland mobiles are of one ten, or of two that touch."""
    tens = [int(number[1:]) // 10 for number in (one, other) if number.startswith("+861")]
    return len(tens) == 2 and abs(tens[0] - tens[1]) <= 1
