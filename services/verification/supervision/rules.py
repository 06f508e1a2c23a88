"""The ladder of supervision notices (rule 6): to whom, how long after the due time, what next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID

from shared.policy import Policies, Policy
from shared.policy.parts import Supervision
from shared.values import clock

# What is told of by SMS later than this is told of again, or stands one level higher.
TOLD_WITHIN = timedelta(hours=24)
Outlook = Literal["climbs", "climbed", "top", "stopped"]


@dataclass(frozen=True)
class Rung:
    """One level: its number from 1, whose it is, how long after the due time it is reached."""

    level: int
    key: str
    after: timedelta
    copy_to: str | None = None


@dataclass(frozen=True)
class Ladder:
    """The rungs for cases received from `since` on and before `until`; None has no end."""

    policy_from: date
    since: datetime | None
    until: datetime | None
    rungs: Sequence[Rung]


@dataclass(frozen=True)
class Reminding:
    """When a notice is reminded of that its place has not acknowledged: each `after`, so often."""

    since: datetime | None
    until: datetime | None
    after: timedelta
    most: int


@dataclass(frozen=True)
class Notice:
    """A notice as its page tells of it.

    `due_at` is when it ought to have been issued, `detected_at` when it was; `stands` while the
    case still has no verdict by this deadline.
    """

    notice_id: UUID
    year: int
    number: int
    case_id: UUID
    case_number: str
    categories: tuple[str, ...]
    received_at: datetime
    unit_code: str
    unit_name: str
    deadline_at: datetime
    level: int
    level_key: str
    place_code: str
    place_name: str
    copy_name: str | None
    due_at: datetime
    detected_at: datetime
    policy_from: date
    stands: bool
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    plan_sealed: str | None
    reminded: int = 0


def rungs(supervision: Supervision) -> tuple[Rung, ...]:
    """At the due time the first, with a copy; then each level one repetition later."""
    repeat = timedelta(hours=supervision.repeat_hours)
    return tuple(
        Rung(level, key, (level - 1) * repeat, supervision.copy_first_to if level == 1 else None)
        for level, key in enumerate(supervision.levels, 1)
    )


def ladders(policies: Policies) -> tuple[Ladder, ...]:
    """One for each edition of the policy; a case climbs the one in force when it was received."""
    return tuple(
        Ladder(edition.effective_from, since, until, rungs(edition.supervision))
        for edition, since, until in _spans(policies)
    )


def remindings(policies: Policies) -> tuple[Reminding, ...]:
    """One for each edition of the policy, as with ladders."""
    return tuple(
        Reminding(
            since, until, timedelta(hours=rule.supervision.remind_hours), rule.supervision.reminders
        )
        for rule, since, until in _spans(policies)
    )


def _spans(policies: Policies) -> Iterator[tuple[Policy, datetime | None, datetime | None]]:
    """Each edition with the times of receipt from which and until which it counts."""
    zone = policies.editions[-1].zone
    days = [edition.effective_from for edition in policies.editions]
    begins = [clock.end_of_day(day - timedelta(days=1), zone) for day in days[1:]]
    spans = pairwise([None, *begins, None])
    for edition, (since, until) in zip(policies.editions, spans, strict=True):
        yield edition, since, until


def coming(notice: Notice, supervision: Supervision) -> list[tuple[Rung, datetime]]:
    """The whole ladder of a notice's deadline, each level with its time."""
    return [(rung, notice.deadline_at + rung.after) for rung in rungs(supervision)]


def outlook(notice: Notice, supervision: Supervision, now: datetime) -> Outlook:
    """What becomes of it: the next level comes, has come, there is none, or it all stopped."""
    if not notice.stands:
        return "stopped"
    above = [at for rung, at in coming(notice, supervision) if rung.level == notice.level + 1]
    if not above:
        return "top"
    return "climbed" if above[0] <= now else "climbs"
