"""Two consumers beside one database: what one has done or put off says nothing of the other."""

from shared.bus import parked
from shared.bus.inbox import Inbox
from shared.db import Database
from shared.errors import Reject
from shared.events import CaseVerified
from tests.integration.test_inbox import Effects, count, delivery, effects, verified

SERVICE = "notifications"
__all__ = ["effects"]


def both(database: Database, handler: Effects) -> tuple[Inbox, Inbox]:
    """Two consumers of the same events, with the same handler."""
    one, two = (Inbox(database, name, {CaseVerified: handler}) for name in ("one", "two"))
    return one, two


async def test_each_consumer_handles_an_event_once(database: Database, effects: Effects) -> None:
    """The same delivery has one effect for each of them, however often it comes."""
    event = delivery(verified())
    for consumer in both(database, effects) * 2:
        await consumer.take([event])
    assert 2 == await count(database)


async def test_each_consumer_keeps_what_it_put_off(database: Database, effects: Effects) -> None:
    """A storm of one event is stored for both; each runs its own, and none takes the other's."""
    one, two = both(database, effects)
    event = delivery(verified(), times=3)
    await one.take([event])
    await two.take([event])
    assert 2 == await count(database, "inbox_pending")
    assert (1, 0) == (await one.retry(), await one.retry())
    assert 1 == await two.retry()
    assert (2, 0) == (await count(database), await count(database, "inbox_pending"))


async def test_each_consumer_parks_its_own(database: Database, effects: Effects) -> None:
    """What one can never handle waits for a person there, and is handled by the other."""
    one, two = both(database, effects)
    subject = verified()
    event = delivery(subject, times=3)
    await one.take([event])
    effects.fail_on[subject.subject] = Reject("never")
    await one.retry()
    effects.fail_on.clear()
    await two.take([event])
    await two.retry()
    async with database.acquire() as conn:
        assert ["Reject('never')"] == [row.error for row in await parked.list_parked(conn)]
    assert 1 == await count(database)
