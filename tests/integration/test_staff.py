"""The operators as the services with staff pages know them."""

import random

from shared import staff
from shared.access import Operator
from shared.db import Connection
from shared.events import OperatorChanged

SERVICE = "notifications"


def told(version: int, *, active: bool = True) -> OperatorChanged:
    """What verification says of one operator."""
    return OperatorChanged(
        username="una", name=f"Una {version}", role="leadership", scope="IS", badge="A-17",
        active=active, version=version,
    )  # fmt: skip


async def test_the_newest_version_wins_in_any_order(conn: Connection) -> None:
    """However the events arrive, and however often, the last version is what is known."""
    events = [told(1), told(2), told(3, active=False)] * 2
    random.Random(5).shuffle(events)
    for event in events:
        await staff.on_operator_changed(conn, event)
    known = await staff.get(conn, "una")
    assert staff.Known(Operator("una", "Una 3", "leadership", "IS", "A-17"), False, 3) == known


async def test_nobody_is_known_before_being_told(conn: Connection) -> None:
    """A name that no event brought is nobody."""
    assert await staff.get(conn, "una") is None
