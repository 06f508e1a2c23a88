"""Which events one call of a handler takes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.handling import Bulk, Handler, Heard, calls, first
from shared.bus.pending import Received
from shared.bus.reading import Fresh
from shared.db import Connection
from shared.events import CaseOpened, Envelope, Event, SubmissionReceived
from tests.samples import SAMPLES

RECEIVED, OPENED = (
    next(event for event in SAMPLES if isinstance(event, kind))
    for kind in (SubmissionReceived, CaseOpened)
)
NOW = datetime(2026, 11, 27, tzinfo=UTC)


async def many(_: Connection, __: Sequence[Heard[Event]]) -> None:
    """Takes them all."""


async def single(_: Connection, __: Event) -> None:
    """Takes one."""


HANDLERS: dict[str, Handler] = {"a": Bulk(many), "b": Bulk(many), "c": single}


def fresh(kind: str, number: int) -> Fresh:
    """An event of a kind."""
    own = UUID(int=number)
    envelope = Envelope(id=own, source="", type=kind, subject="", time=NOW, data={})
    return Fresh(Received(own, kind, ""), envelope, SAMPLES[0])


@given(st.lists(st.sampled_from("abc")))
def test_neighbours_share_a_call_and_nothing_moves(kinds: list[str]) -> None:
    """All in their order; a call is of one type and as long as can be, or else of one event."""
    batch = [fresh(kind, number) for number, kind in enumerate(kinds)]
    made = list(calls(batch, HANDLERS))
    assert batch == [one for call in made for one in call]
    of = [{one.envelope.type for one in call} for call in made]
    assert all(len(kind) == 1 for kind in of)
    assert all(one != other or one == {"c"} for one, other in pairwise(of))
    assert all(len(call) == 1 for call, kind in zip(made, of, strict=True) if kind == {"c"})


def test_what_only_adds_rows_comes_first() -> None:
    """In the order of the types and, among those of a type, of their subjects; then all others."""
    order = first(SubmissionReceived, CaseOpened)
    low, high = (RECEIVED.model_copy(update={"submission_id": UUID(int=n)}) for n in (1, 2))
    other = next(event for event in SAMPLES if type(event) not in (SubmissionReceived, CaseOpened))
    assert [low, high, OPENED, other] == sorted([other, OPENED, high, low], key=order)
