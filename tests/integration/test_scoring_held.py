"""What is held counts in no figure until it is released, in whatever order that is heard."""

from datetime import date
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from services.scoring import handlers
from services.scoring.store import figures
from shared.bus.handling import Heard
from shared.db import Connection
from shared.events import HeldReason, HoldEnded, HoldOutcome, SubmissionReceived
from shared.values import clock
from tests.integration.scoring_parts import POLICIES

SERVICE = "scoring"
UNIT = "411724006"


def rating(submission_id: UUID, held: HeldReason | None = "burst") -> SubmissionReceived:
    """A top rating."""
    return SubmissionReceived(
        submission_id=submission_id, kind="rating", unit_code=UNIT, satisfaction=5, held=held,
        received_at=clock.now(),
    )  # fmt: skip


def ended(submission_id: UUID, number: int, outcome: HoldOutcome) -> HoldEnded:
    """What somebody decided."""
    return HoldEnded(
        submission_id=submission_id, unit_code=UNIT, number=number, outcome=outcome,
        ended_at=clock.now(),
    )  # fmt: skip


async def hear(conn: Connection, *events: SubmissionReceived | HoldEnded) -> None:
    """As the bus brings them."""
    for event in events:
        if isinstance(event, HoldEnded):
            await handlers.on_hold_ended(conn, event)
        else:
            await handlers.on_submissions_received(POLICIES, conn, [Heard(event)])


async def counted(conn: Connection) -> int:
    """How many ratings the unit has."""
    rows = await figures.list_satisfaction(conn, UNIT, date(2000, 1, 1))
    return sum(row["count"] for row in rows)


async def test_what_is_held_is_not_counted(conn: Connection) -> None:
    """Beside one that was never held."""
    await hear(conn, rating(uuid4()), rating(uuid4(), held=None))
    assert 1 == await counted(conn)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_released_it_counts(conn: Connection, order: tuple[int, ...]) -> None:
    """Also when it was set aside first, and however the events overtake one another."""
    one = uuid4()
    events = (rating(one), ended(one, 1, "set_aside"), ended(one, 2, "released"))
    await hear(conn, *(events[n] for n in order))
    assert 1 == await counted(conn)


async def test_set_aside_it_never_counts(conn: Connection) -> None:
    """The record stays, the figures do not know it."""
    one = uuid4()
    await hear(conn, rating(one), ended(one, 1, "set_aside"))
    assert 0 == await counted(conn)
