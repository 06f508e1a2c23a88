"""A reward as a value, and what each step makes of it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from services.rewards.rules.states import BEGINS, CLAIMS, Aside, IllegalMove, State, Step, after
from shared.events import Language


@dataclass(frozen=True)
class Pace:
    """How patient the payouts are.

    `resend_within` ends the repeating of an order, `vendor_window` begins the writing off.
    """

    lease: timedelta = timedelta(seconds=30)
    resend_after: timedelta = timedelta(seconds=30)
    resend_within: timedelta = timedelta(days=1)
    vendor_window: timedelta = timedelta(days=7)
    held_pause: timedelta = timedelta(minutes=5)
    max_failures: int = 3


@dataclass(frozen=True)
class Reward:
    """One row of `rewards`. `act_at` is when the next automatic step is due, None if none is.

    `attempt` counts the orders made, `failures` those that the vendor refused for their own sake,
    `asked` the queries in the present state; `sent_at` is when sending last began, `unknown_at`
    since when nobody knows, `withdrawn_at` since when no verdict entitles to it. `late_order` is an
    earlier order, closed as failed, that the vendor turned out to have; `kept_from` are those whom
    its case may be about, who neither see nor decide it, `verifiers` those who submitted one of its
    verdicts, who see it. `fence` grows with every claim: whoever acts on a claim shows it, and if
    it has grown since, neither sends nor saves. `month` and `day` are those whose budgets pay;
    `counters` the windows of its case, `near` the blocks of numbers around its phone, hashed.
    """

    id: UUID
    case_id: UUID
    submission_id: UUID
    incident_id: UUID
    unit_code: str
    language: Language
    phone_index: str
    phone_sealed: str
    amount_fen: int
    month: date
    verified_at: datetime
    due_at: datetime
    traceparent: str | None = None
    state: State = "eligible"
    version: int = 0
    reason: str | None = None
    held_by: str | None = None
    attempt: int = 0
    failures: int = 0
    retriable: bool = False
    asked: int = 0
    act_at: datetime | None = None
    sent_at: datetime | None = None
    unknown_at: datetime | None = None
    refused_at: datetime | None = None
    paid_at: datetime | None = None
    reversed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    late_order: str | None = None
    kept_from: tuple[str, ...] = ()
    verifiers: tuple[str, ...] = ()
    fence: int = 0
    day: date | None = None
    counters: tuple[int, ...] = ()
    near: tuple[str, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether anything may be sent for it."""
        return self.withdrawn_at is None and self.late_order is None

    @property
    def takes_a_place(self) -> bool:
        """Whether it counts in the caps and budgets."""
        return self.state not in ("eligible", "held", "refused")

    @property
    def order_id(self) -> str:
        """The present order's id."""
        return order_id(self.id, self.attempt)


def order_id(reward_id: UUID, attempt: int) -> str:
    """The vendor's handle of one attempt: the same for ever, 32 characters of [0-9a-f]."""
    return sha256(f"{reward_id}/{attempt}".encode()).hexdigest()[:32]


def move(
    reward: Reward,
    step: Step,
    now: datetime,
    act_at: datetime | None = None,
    reason: str | None = None,
    held_by: str | None = None,
) -> Reward:
    """The row after a step; IllegalMove if the table does not have it, or nothing is due."""
    state = after(reward.state, step)
    if step in BEGINS and not reward.is_due:
        raise IllegalMove(f"{step!r}, but the reward is not due any more")
    return replace(
        reward,
        state=state,
        version=reward.version + 1,
        reason=reason,
        held_by=held_by,
        attempt=reward.attempt + int(step == "leased"),
        fence=reward.fence + int(step in CLAIMS),
        asked=0,
        act_at=act_at,
        sent_at=now if step in ("leased", "resent") else reward.sent_at,
        unknown_at=_unknown_at(reward, state, now),
        refused_at=now if state == "refused" else None,
        paid_at=now if state == "paid" else reward.paid_at,
        reversed_at=now if state == "reversed" else None,
        withdrawn_at=None if step == "entitled" else reward.withdrawn_at,
    )


def aside(reward: Reward, word: Aside, now: datetime, late_order: str | None = None) -> Reward:
    """The row after something beside the table; only `found` changes its state."""
    noted = replace(reward, version=reward.version + 1)
    match word:
        case "withdrawn" | "reinstated":
            return replace(noted, withdrawn_at=now if word == "withdrawn" else None)
        case "rebound":
            return noted
        case "overtaken" | "cleared":
            return replace(noted, late_order=late_order)
        case "found":
            return replace(
                noted, state="paid", reason=None, held_by=None, asked=0, act_at=now,
                unknown_at=None, refused_at=None, paid_at=now, late_order=None,
            )  # fmt: skip


def _unknown_at(reward: Reward, state: State, now: datetime) -> datetime | None:
    if state == "unknown":
        return reward.unknown_at or now
    return reward.unknown_at if state == "submitting" else None
