"""Whom an urgent request pages, when again, and when it climbs.

「頭天晚上有群眾在小程序后臺留言求助…當天7時…趕到派出所」: at night somebody hears.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.policy.parts import Urgent

# An SMS that is later than this wakes somebody for nothing: the next one is long on its way.
GOOD_FOR = timedelta(hours=1)
# Of unpaid rewards it is told again the next day.
MONEY_TOLD_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class Ringing:
    """A case that pages somebody now; `places` from the lowest up from which it is not kept.

    `paged` is how often it did so before, `due_at` when it ought to.
    """

    case_id: UUID
    received_at: datetime
    paged: int
    due_at: datetime
    places: Sequence[str]
    now: datetime


@dataclass(frozen=True)
class DutyPhone:
    """The newest phone of a place, sealed as `phone:<phone_id>`."""

    place_code: str
    phone_id: UUID
    phone_sealed: str


@dataclass(frozen=True)
class DutyPage:
    """One page: the how manieth of its case, at which level, when due and when found.

    Without a phone there or above it rings at the desk alone. `climbs` where a level has its first.
    """

    case_id: UUID
    number: int
    level: int
    place_code: str
    due_at: datetime
    detected_at: datetime
    again_at: datetime
    climbs: bool
    phone: DutyPhone | None


def page(ringing: Ringing, urgent: Urgent, phones: Mapping[str, DutyPhone]) -> DutyPage:
    """The page that is due. Whoever has no phone of their own is paged at the next place above.

    Counted from the last one: what an outage swallowed is not made up for in the middle of a night.
    """
    level = min(ringing.paged // urgent.page_times, len(ringing.places) - 1)
    return DutyPage(
        case_id=ringing.case_id,
        number=ringing.paged + 1,
        level=level + 1,
        place_code=ringing.places[level],
        due_at=ringing.due_at,
        detected_at=ringing.now,
        again_at=ringing.now + timedelta(minutes=urgent.page_minutes),
        climbs=ringing.paged == level * urgent.page_times,
        phone=next((phones[place] for place in ringing.places[level:] if place in phones), None),
    )
