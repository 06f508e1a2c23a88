"""What is held, as whoever decides about it sees it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.verification.casework import queries, views
from services.verification.casework.rules.holds import Hold, State
from services.verification.casework.store import holds
from services.verification.directory.store import units
from shared.db import Connection
from shared.events import HeldReason, Kind
from shared.values.seal import Seal

_SHOWN = 50


class HoldShown(BaseModel):
    """A submission that waits for a person."""

    submission_id: UUID
    reason: HeldReason
    state: State
    unit_code: str
    unit_name: str
    counter: int | None
    kind: Kind
    satisfaction: int | None
    received_at: datetime
    due_at: datetime
    words: str | None
    phone: str | None = Field(description="masked")


class Holds(BaseModel):
    """The most pressing of them, and how many there are."""

    items: list[HoldShown]
    count: int


async def load(conn: Connection, seal: Seal, query: queries.HoldQuery) -> Holds:
    """What waits, as this operator may see it."""
    found = await holds.list_holds(conn, query.state, query.unit, query.held, _SHOWN)
    count = await holds.count_holds(conn, query.state, query.unit, query.held)
    names = await units.list_names(conn, [hold.submission.unit_code for hold in found])
    return Holds(items=[_shown(hold, seal, names) for hold in found], count=count)


def _shown(hold: Hold, seal: Seal, names: Mapping[str, str]) -> HoldShown:
    """A held submission, opened for whoever decides about it."""
    sent = hold.submission
    own = {name: getattr(sent, name) for name in HoldShown.model_fields if hasattr(sent, name)}
    rest = {
        "reason": hold.reason,
        "state": hold.state,
        "due_at": hold.due_at,
        "unit_name": names.get(sent.unit_code, sent.unit_code),
        "words": seal.opened(sent.words_sealed, f"words:{sent.submission_id}"),
        "phone": views.phone_shown(seal, sent.phone_sealed, f"phone:{sent.submission_id}"),
    }
    return HoldShown(**own | rest)
