"""Cases that may be about one event, found when somebody looks at one of them.

Nothing is stored for it: words lie sealed, and are compared where they are opened anyway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.likeness import Told, Why, alike
from services.verification.casework.store import likeness
from shared.access import Operator
from shared.db import Connection
from shared.values import clock
from shared.values.seal import Seal, SealBroken

# Of a unit and a day; what is more is a flood, and held before it becomes cases.
LOOKED_AT = 100
SHOWN = 5


@dataclass(frozen=True)
class Alike:
    """Another case, why it may be the same event, and what it says."""

    case: Case
    why: Why
    percent: int
    words: str | None


async def suggestions(
    conn: Connection, desk: Desk, operator: Operator, case: Case
) -> Sequence[Alike]:
    """The likeliest cases of another incident, of the same unit and day."""
    zone = desk.policy(case).zone
    until = clock.end_of_day(clock.service_day(case.received_at, zone), zone)
    since = until - timedelta(days=1)
    others = await likeness.list_of_day(conn, operator, case, since, until, LOOKED_AT)
    found = list(_compared(desk, case, others)) if others else []
    return sorted(found, key=lambda one: (one.why != "phone", -one.percent))[:SHOWN]


def _compared(desk: Desk, case: Case, others: Sequence[Case]) -> Iterator[Alike]:
    least = desk.policy(case).incident.likeness_percent
    mine = Told.of(case.phone_index, _words(desk.seal, case))
    for other in others:
        words = _words(desk.seal, other)
        if found := alike(mine, Told.of(other.phone_index, words), least):
            yield Alike(other, *found, words)


def _words(seal: Seal, case: Case) -> str | None:
    try:
        return seal.opened(case.words_sealed, f"words:{case.submission_id}")
    except SealBroken:
        return None
