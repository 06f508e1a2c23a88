"""What rewards answers with, and what it may be asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.rewards.rules.causes import Cause
from services.rewards.rules.mismatches import Kind
from services.rewards.rules.payouts import Reward
from services.rewards.rules.settling import Missing
from services.rewards.rules.states import Aside, State, Step
from shared.events import ContactBound
from shared.values import phone, text
from shared.values.counting import MOST
from shared.values.seal import Seal, SealBroken

# Every reward is counted in exactly one figure; these are all "scheduled".
SCHEDULED = ("eligible", "ready", "submitting", "accepted", "rejected")
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    BeforeValidator(lambda typed: text.lines(typed) if isinstance(typed, str) else typed),
]


class Note(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note: Text


class Approval(Note):
    """Pay it after all, or not."""

    decision: Literal["approve", "refuse"]


class ListQuery(BaseModel):
    """`cursor`: the `next` of the page before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: State | None = None
    cursor: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class MismatchQuery(BaseModel):
    """`cursor`: the `next` of the page before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    show: Literal["open", "resolved", "all"] = "open"
    cursor: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class Figures(BaseModel):
    """Rewards by what has become of them, and what was paid in fen."""

    scheduled: int
    held: int = 0
    refused: int = 0
    paid: int = 0
    unknown: int = 0
    manual: int = 0
    reversed: int = 0
    paid_fen: int = 0


class RewardShown(BaseModel):
    """A reward for the staff."""

    id: UUID
    case_id: UUID
    submission_id: UUID
    incident_id: UUID
    unit_code: str
    unit_name: str
    state: State
    version: int
    reason: str | None
    held_by: str | None
    amount_fen: int
    phone: str = Field(description="masked; asterisks when it cannot be opened")
    attempt: int
    failures: int
    verified_at: datetime
    due_at: datetime
    act_at: datetime | None
    sent_at: datetime | None
    unknown_at: datetime | None
    refused_at: datetime | None
    paid_at: datetime | None
    reversed_at: datetime | None
    withdrawn_at: datetime | None = Field(description="since when no verdict entitles to it")
    late_order: str | None = Field(description="an earlier order that the vendor has after all")
    vendor_away: str | None = Field(
        default=None, description="the vendor of its open order, if it is no longer configured"
    )
    since: datetime | None = Field(default=None, description="since when it is in its state")


class LateShown(RewardShown):
    """A reward by its two days."""

    cause: Cause = Field(description="what keeps it, or kept it when it was due")


class LateQuery(BaseModel):
    """`cursor`: the `next` of the page before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    show: Literal["unpaid", "late"] = "unpaid"
    cursor: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class LateListing(BaseModel):
    """A page of them: unpaid ones by their due time, those paid late the newest first."""

    rewards: list[LateShown]
    next: str | None
    now: datetime
    alert_at: datetime = Field(description="what is due before is told to who is on duty")
    alerted_at: datetime | None = Field(
        default=None, description="when the city's duty phone was last told; null where never"
    )
    waiting_for_phone: int = Field(
        description="verdicts whose reward waits for a phone that gets airtime; no days run yet;"
        f" {MOST} stands for that many or more"
    )


class Listing(BaseModel):
    """A page of rewards, newest first."""

    rewards: list[RewardShown]
    next: str | None


class OrderShown(BaseModel):
    """What was, or may have been, sent to a vendor."""

    order_id: str
    attempt: int
    vendor: str
    product: str
    amount_fen: int
    opened_at: datetime
    vendor_ref: str | None
    code: str | None
    outcome: str | None
    closed_at: datetime | None
    last_answer: str | None
    last_answer_at: datetime | None


class TransitionShown(BaseModel):
    """One step of a reward's history."""

    version: int
    attempt: int
    from_state: State
    step: Step | Aside
    to_state: State
    actor: str
    code: str | None
    note: str | None
    made_at: datetime


class MismatchShown(BaseModel):
    """Where our books and a vendor's say different things, and who settled it."""

    mismatch_id: int
    kind: Kind
    vendor: str
    order_id: str
    other_order_id: str | None
    reward_id: UUID | None
    facts: dict[str, str | int | None]
    found_at: datetime
    resolved_by: str | None
    resolved_at: datetime | None
    note: str | None


class MismatchListing(BaseModel):
    """A page of mismatches, newest first."""

    mismatches: list[MismatchShown]
    next: str | None


class Detail(RewardShown):
    """A reward with its orders and its whole history."""

    orders: list[OrderShown]
    transitions: list[TransitionShown]
    write_offs: list[str] = Field(description="who has signed")
    write_off_lacks: Missing | None = Field(
        description="what two people still lack to write the present order off"
    )
    mismatches: list[MismatchShown]
    other_phone: str | None = Field(
        description="masked: bound since, and paid only after the open order has certainly failed"
    )


def figures_of(states: Mapping[str, tuple[int, int]]) -> Figures:
    """Rewards by what has become of them."""
    number = {state: count for state, (count, _) in states.items()}
    return Figures(
        scheduled=sum(number.get(state, 0) for state in SCHEDULED),
        paid_fen=states.get("paid", (0, 0))[1],
        **{state: count for state, count in number.items() if state in Figures.model_fields},
    )


def values_of(reward: Reward, seal: Seal, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of RewardShown; a unit without a name goes by its code."""
    own = {
        name: getattr(reward, name) for name in RewardShown.model_fields if hasattr(reward, name)
    }
    unit_name = names.get(reward.unit_code, reward.unit_code)
    return own | {"phone": masked(reward, seal), "unit_name": unit_name}


def masked(told: Reward | ContactBound, seal: Seal) -> str:
    """`138****5678`, or asterisks when the seal cannot be opened."""
    try:
        return phone.mask(seal.open(told.phone_sealed, f"phone:{told.submission_id}"))
    except SealBroken:
        return "****"
