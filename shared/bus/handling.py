"""How a batch goes through a service's handlers, inside a transaction of the inbox.

    in lock order   a1 a2 a3 b4 a5        a is Bulk, b takes one at a time
    calls           [a1 a2 a3] [b4] [a5]

Nothing is moved to make a call larger: two instances meet the same rows in the same order, and
events about one subject are handled in the order of their delivery, whatever their types.

If a batch fails, `apart` handles each of its events by itself, in a savepoint: one that fails then
loses its effects and its id, and is handed back.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from structlog.contextvars import bound_contextvars

from shared import faults
from shared.bus.pending import Received
from shared.bus.reading import Fresh, read
from shared.db import Connection
from shared.events import Event
from shared.observe import log, metrics, spans, trace

E = TypeVar("E", bound=Event)
# Each handler takes its own event class, which a mapping of them cannot express.
Handler = Callable[[Connection, Any], Awaitable[None]]
# Takes the locks that a whole service shares, when a batch has events of these types.
LockFirst = Callable[[Connection, Set[type[Event]]], Awaitable[None]]
# What an event locks rows of: a batch is handled in the order of these, at every instance.
LockOrder = Callable[[Event], str]

_CLAIM = """
    INSERT INTO inbox (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING event_id
"""
_TOLD = {"messaging.system": "rabbitmq", "messaging.operation.type": "process"}
_GIVE_BACK = "DELETE FROM inbox WHERE consumer = $1 AND event_id = ANY($2::uuid[])"


class Heard(NamedTuple, Generic[E]):
    """An event among others, and the trace in which it came; what it leads to goes on in it."""

    event: E
    traceparent: str | None = None


@dataclass(frozen=True)
class Bulk(Generic[E]):
    """A handler of many events of a type at once, in order; of a single one, too.

    It makes of them what it would make of one after the other.
    """

    many: Callable[[Connection, Sequence[Heard[E]]], Awaitable[None]]

    async def __call__(self, conn: Connection, event: E) -> None:
        """One event, in the present trace."""
        await self.many(conn, [Heard(event, trace.current())])


async def no_locks(_: Connection, __: Set[type[Event]]) -> None:
    """A service whose events touch only rows of their own subject."""


def by_subject(event: Event) -> str:
    """The order of a service whose events touch only rows of their own subject."""
    return event.subject


def first(*kinds: type[Event]) -> LockOrder:
    """Events of these types before all others, so that they stand together; each by its subject.

    For what only adds rows that no event of another type waits for.
    """
    places = {kind: f" {place}" for place, kind in enumerate(kinds)}
    return lambda event: places.get(type(event), "") + event.subject


def calls(ordered: Sequence[Fresh], handlers: Mapping[str, Handler]) -> Iterator[Sequence[Fresh]]:
    """What each call of a handler takes: neighbours of a type if it is Bulk, else one event."""
    for kind, run in groupby(ordered, key=attrgetter("envelope.type")):
        if isinstance(handlers[kind], Bulk):
            yield list(run)
        else:
            yield from ([one] for one in run)


class Handling:
    """What one service does with what it hears."""

    def __init__(
        self,
        service: str,
        handlers: Mapping[type[Event], Handler],
        lock_first: LockFirst,
        lock_order: LockOrder,
    ) -> None:
        self._service, self._lock_first, self._lock_order = service, lock_first, lock_order
        self._handlers = {event.TYPE: handler for event, handler in handlers.items()}
        self._heard = {event.TYPE: event for event in handlers}

    def read(self, received: Received) -> Fresh:
        """The event, if it is one that this service hears. Unreadable."""
        return read(received, self._heard)

    async def together(self, conn: Connection, batch: Sequence[Fresh]) -> None:
        """Those that were never handled; what one of them raises, the whole batch does."""
        for call in calls(await self._claim(conn, batch), self._handlers):
            await self._call(conn, call)

    async def apart(
        self, conn: Connection, batch: Sequence[Fresh]
    ) -> list[tuple[Fresh, Exception]]:
        """The same, each for itself; those that failed, as if they had never been here.

        Raises what is no event's fault.
        """
        failed: list[tuple[Fresh, Exception]] = []
        for one in await self._claim(conn, batch):
            try:
                async with conn.transaction():
                    await self._call(conn, [one])
            except Exception as error:
                if faults.is_passing(error):
                    raise
                failed.append((one, error))
        await self._give_back(conn, [one.received.event_id for one, _ in failed])
        return failed

    async def _claim(self, conn: Connection, batch: Sequence[Fresh]) -> list[Fresh]:
        """Each new event once, in the order in which every instance takes its locks."""
        await self._lock_first(conn, {type(one.event) for one in batch})
        once: dict[UUID, Fresh] = {}
        for one in batch:
            once.setdefault(one.received.event_id, one)
        rows = await conn.fetch(_CLAIM, self._service, list(once))
        new = {row["event_id"] for row in rows}
        fresh = [one for event_id, one in once.items() if event_id in new]
        return sorted(fresh, key=lambda one: self._lock_order(one.event))

    async def _give_back(self, conn: Connection, event_ids: Sequence[UUID]) -> None:
        if event_ids:
            await conn.execute(_GIVE_BACK, self._service, event_ids)

    async def _call(self, conn: Connection, call: Sequence[Fresh]) -> None:
        first, *others = call
        kind, handler = first.envelope.type, self._handlers[first.envelope.type]
        own = {} if others else {"event_id": str(first.envelope.id)}
        parents = [one.envelope.traceparent for one in call]
        with (
            spans.together(f"process {kind}", parents, "consumer", _TOLD) as traces,
            bound_contextvars(event_type=kind, **own),
            metrics.HANDLER_SECONDS.labels(kind).time(),
        ):
            if isinstance(handler, Bulk):
                events = [one.event for one in call]
                await handler.many(conn, list(map(Heard, events, traces)))
            else:
                await handler(conn, first.event)
            log.debug("handler ended", size=len(call))
