"""The desk is told which documents wait to be read by whom they are for."""

from collections.abc import Iterable
from datetime import datetime
from typing import get_args

from services.scoring.rules.reading import UPWARDS
from services.scoring.store.papers import Addressed
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import PaperChanged, PaperState


async def tell(
    conn: Connection, found: Iterable[Addressed], state: PaperState, at: datetime
) -> None:
    """That these are so; of what nobody at a unit has to read the desk is not told."""
    for one in found:
        if one.kind not in UPWARDS:
            await publish(conn, _changed(one, state, at))


def _changed(one: Addressed, state: PaperState, at: datetime) -> PaperChanged:
    return PaperChanged(
        paper=f"{one.kind}-{one.year}-{one.number}",
        unit_code=one.unit_code,
        badge=one.badge,
        state=state,
        version=get_args(PaperState).index(state) + 1,
        changed_at=at,
    )
