"""Cases that may be about one event, found when somebody looks at one of them.

Words lie sealed, and are compared where they are opened anyway; stored is only what somebody says
not to be one event.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, find_said, note_action
from services.verification.casework.bodies import UnlikeBody
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.likeness import Told, Why, alike
from services.verification.casework.store import likeness
from shared.access import Operator
from shared.db import Connection
from shared.errors import Invalid, Wrong
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
    mine = Told.of(case.phone_index, words_of(desk.seal, case))
    for other in others:
        words = words_of(desk.seal, other)
        if found := alike(mine, Told.of(other.phone_index, words), least):
            yield Alike(other, *found, words)


def words_of(seal: Seal, case: Case) -> str | None:
    """What a case says; None also where nobody can read it any more."""
    try:
        return seal.opened(case.words_sealed, f"words:{case.submission_id}")
    except SealBroken:
        return None


async def set_apart(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: UnlikeBody
) -> str:
    """Note that another case is another matter, so that it is not suggested any more; its number.

    Who knows better can still ask for the join by number.
    """
    case = await claim(conn, operator, case_id)
    other = await find_said(conn, operator, body.incident)
    if other is None or other.case_id == case_id or other.unit_code != case.unit_code:
        raise Invalid(Wrong("incident", "incident_unknown"))
    if other.incident_id == case.incident_id:
        raise Invalid(Wrong("incident", "incident_together"))
    details = {"unlike": str(other.case_id)}
    await note_action(conn, desk, case, operator, "unlike", details, body.word.strip())
    return other.number
