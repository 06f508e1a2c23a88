"""Who has earned a reward, and which ones a second person must look at (rule 8)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import SENT, SETTLED, WITHDRAWABLE, State
from shared import policy
from shared.events import CaseVerified, ContactBound
from shared.values import clock
from shared.values.phone import Use

HoldReason = Literal[
    "roster_phone",
    "phone_incident_cap",
    "incident_cap",
    "phone_units",
    "near_phones",
    "counter_rush",
    "phone_month_cap",
    "unit_month_cap",
    "day_cap",
    "month_budget",
    "refused_before",
    "late_order",
    "number_refused",
    "no_product",
    "by_hand",
]
VERDICT_CHANGED = "verdict_changed"
# Of a reward that another phone gets; nobody is told of it.
PHONE_CHANGED = "phone_changed"
# What a renewed reward takes over from the new verdict; attempts and failures stay.
FROM_VERDICT = (
    "incident_id", "language", "phone_index", "phone_sealed", "amount_fen", "month", "verified_at",
    "due_at", "traceparent", "day", "counters", "near",
)  # fmt: skip
# Of another phone: at once, or after the order that is under way.
Turn = Literal["now", "later"]
Answer = Literal["make", "renew", "withdraw", "note", "reinstate"]


@dataclass(frozen=True)
class Usage:
    """What other rewards have taken already; held and refused ones do not count."""

    on_roster: bool = False
    phone_incident: int = 0
    incident: int = 0
    phone_month_fen: int = 0
    month_fen: int = 0
    unit_month_fen: int = 0
    day_fen: int = 0
    phone_units: int = 0
    near_phones: int = 0
    at_counter: int = 0


def is_entitled(event: CaseVerified, rule: policy.Reward, use: Use | None) -> bool:
    """A complaint, found true, whose citizen left a phone 「群眾不滿意投訴核查屬實的」.

    A phone that cannot get airtime earns none; the citizen was told so on the form and the receipt.
    """
    return earned(event, rule) and has_phone(event, use)


def earned(event: CaseVerified, rule: policy.Reward) -> bool:
    """Whether the verdict of a case earns a reward, be there a phone to pay it to or not.

    What an officer's appeal changed takes nothing back (rule 8).
    """
    return event.kind == "complaint" and (event.overturned or event.verdict) in rule.verdicts


def has_phone(event: CaseVerified, use: Use | None) -> bool:
    """Whether there is a phone that gets airtime."""
    known = event.phone_sealed is not None and event.phone_index is not None
    return known and use is not None and use.airtime


def with_phone(
    reward: Reward, contact: ContactBound, near: tuple[str, ...], days: int, zone: ZoneInfo
) -> Reward:
    """The reward to another phone: its two days, month and day begin with that."""
    begun = max(reward.verified_at, contact.bound_at)
    return replace(
        reward,
        phone_sealed=contact.phone_sealed,
        phone_index=contact.phone_index,
        near=near,
        verified_at=begun,
        due_at=clock.days_after_due(begun, days, zone),
        month=month_of(begun, zone),
        day=clock.service_day(begun, zone),
    )


def stopped_by_hand(reward: Reward) -> HoldReason | None:
    """The reason by which a person, or their refusal of before, holds it."""
    if reward.state != "held":
        return None
    by_hand: tuple[HoldReason, ...] = ("by_hand", "refused_before")
    return next((reason for reason in by_hand if reason == reward.reason), None)


def turn_of_phone(reward: Reward, refused: bool, use: Use) -> Turn | None:
    """When a phone that was bound takes the place of a refused one; None if nothing is due for it.

    It waits while an order may be carried out, or one of before turns out to have been.
    """
    if not refused or not use.airtime or reward.withdrawn_at or reward.state in SETTLED:
        return None
    under_way = reward.state in SENT or reward.late_order
    return "later" if under_way else "now" if reward.state in WITHDRAWABLE else None


def with_contact(event: CaseVerified, contact: ContactBound | None) -> CaseVerified:
    """The verdict with the phone that was bound later, which counts before any other.

    The two days begin when both are there: the verdict, and a phone to pay to.
    """
    if contact is None:
        return event
    return event.model_copy(
        update={
            "phone_sealed": contact.phone_sealed,
            "phone_index": contact.phone_index,
            "verified_at": max(event.verified_at, contact.bound_at),
        }
    )


def answer_to_verdict(
    entitled: bool, state: State | None, withdrawn: bool = False
) -> Answer | None:
    """What a verdict does to the reward of its case; None leaves it as it is.

    What the vendor may already have executed stays: a paid reward stays paid, and that it is no
    longer due is noted, so that nothing more is sent for it.
    """
    if entitled:
        if state in (None, "refused"):
            return "make" if state is None else "renew"
        return "reinstate" if withdrawn else None
    if state in WITHDRAWABLE:
        return "withdraw"
    return "note" if state in SENT and not withdrawn else None


def new_reward(
    event: CaseVerified,
    rule: policy.Reward,
    zone: ZoneInfo,
    trace: str,
    near: tuple[str, ...] = (),
) -> Reward:
    """The reward of an entitled case; its id follows from the case's."""
    return Reward(
        id=reward_id(event.case_id),
        case_id=event.case_id,
        submission_id=event.submission_id,
        incident_id=event.incident_id,
        unit_code=event.unit_code,
        language=event.language,
        phone_index=event.phone_index or "",
        phone_sealed=event.phone_sealed or "",
        amount_fen=rule.amount_fen,
        month=month_of(event.verified_at, zone),
        verified_at=event.verified_at,
        due_at=clock.days_after_due(event.verified_at, rule.days, zone),
        traceparent=trace,
        day=clock.service_day(event.verified_at, zone),
        counters=event.counters,
        near=near,
    )


def reward_id(case_id: UUID) -> UUID:
    """One case, one reward: so a database restored from a backup makes the same order ids again."""
    return uuid5(NAMESPACE_URL, f"urn:mashang:reward:{case_id}")


def month_of(at: datetime, zone: ZoneInfo) -> date:
    """The first day of the calendar month whose budget pays."""
    return clock.service_day(at, zone).replace(day=1)


def incident_reason(used: Usage, rule: policy.Reward) -> HoldReason | None:
    """Which cap of its incident a reward would break."""
    if used.phone_incident >= rule.per_phone_per_incident:
        return "phone_incident_cap"
    return "incident_cap" if used.incident >= rule.per_incident else None


def hold_reason(used: Usage, rule: policy.Reward) -> HoldReason | None:
    """Why a second person must look first; None schedules the reward. The gravest reason wins."""
    if used.on_roster:
        return "roster_phone"
    if reason := incident_reason(used, rule):
        return reason
    return odd_reason(used, rule.odd) or budget_reason(used, rule)


def odd_reason(used: Usage, odd: policy.Odd) -> HoldReason | None:
    """What is odd about a reward together with others, this one counted along."""
    reasons: tuple[tuple[int, int | None, HoldReason], ...] = (
        (used.phone_units, odd.phone_units, "phone_units"),
        (used.near_phones, odd.near_phones, "near_phones"),
        (used.at_counter, odd.counter_rewards, "counter_rush"),
    )
    return next((why for others, most, why in reasons if most and others + 1 >= most), None)


def budget_reason(used: Usage, rule: policy.Reward) -> HoldReason | None:
    """Which sum of money a reward would go beyond."""
    reasons: tuple[tuple[int, int | None, HoldReason], ...] = (
        (used.phone_month_fen, rule.per_phone_month_fen, "phone_month_cap"),
        (used.unit_month_fen, rule.per_unit_month_fen, "unit_month_cap"),
        (used.day_fen, rule.per_day_fen, "day_cap"),
        (used.month_fen, rule.budget_month_fen, "month_budget"),
    )
    return next(
        (why for fen, most, why in reasons if most is not None and fen + rule.amount_fen > most),
        None,
    )
