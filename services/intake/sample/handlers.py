"""What intake hears of the random review: a seed that fits nothing is never published."""

from datetime import timedelta

from services.intake.sample import store
from shared.db import Connection
from shared.errors import Reject, Retry
from shared.events import SampleCommitted, SampleRevealed
from shared.values import lots

_SOON = timedelta(seconds=5)


async def on_sample_committed(conn: Connection, event: SampleCommitted) -> None:
    """Publish it. Reject a second one for the same day, which a lost seed would need."""
    if await store.add_commitment(conn, event) != event.commitment:
        raise Reject(f"{event.day} is committed to another seed")


async def on_sample_revealed(conn: Connection, event: SampleRevealed) -> None:
    """Publish the seed with its lots. Reject one that is not what was committed to."""
    commitment = await store.get_commitment(conn, event.day)
    if commitment is None:
        raise Retry(_SOON, "the commitment has not arrived yet")
    if lots.commitment(event.day, event.seed) != commitment:
        raise Reject(f"the seed of {event.day} is not the one that was committed to")
    await store.add_reveal(conn, event)
