"""A handler that only keeps what it is told says so when it was new, and names no person."""

from typing import cast

import pytest

from shared.db import Connection
from shared.events import CaseOpened, Event, OfficerChanged, UnitChanged
from shared.keeping import keep
from tests.samples import SAMPLES
from tests.support import captured_logs

NOWHERE = cast(Connection, None)


def sample(kind: type[Event]) -> Event:
    """One of that kind."""
    return next(event for event in SAMPLES if type(event) is kind)


@pytest.mark.parametrize("fresh", [True, False])
async def test_what_is_new_is_kept_and_told(fresh: bool) -> None:
    """The store decides; what it has already leaves no line in the log."""
    came: list[Event] = []

    async def put(_: Connection, event: Event) -> bool:
        came.append(event)
        return fresh

    with captured_logs() as entries:
        await keep(put)(NOWHERE, sample(UnitChanged))
    assert ([sample(UnitChanged)], int(fresh)) == (came, len(entries))


@pytest.mark.parametrize(
    ("kind", "told"), [(UnitChanged, "unit_code"), (CaseOpened, "case_id"), (OfficerChanged, None)]
)
async def test_the_log_names_units_and_cases_but_no_officer(
    kind: type[Event], told: str | None
) -> None:
    """An aggregate's id is logged where the log may have it; a badge never is."""

    async def put(_: Connection, event: Event) -> bool:
        return True

    event = sample(kind)
    with captured_logs() as entries:
        await keep(put)(NOWHERE, event)
    (entry,) = entries
    named = {name: entry[name] for name in (event.SUBJECT,) if name in entry}
    assert ({told: event.subject} if told else {}) == named
    assert "dropped_fields" not in entry
