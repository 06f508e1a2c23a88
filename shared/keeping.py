"""Handlers that only keep what they are told: their store knows which word is the newest."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.db import Connection
from shared.events import Event
from shared.observe import log

E = TypeVar("E", bound=Event)


def keep(
    put: Callable[[Connection, E], Awaitable[bool]],
) -> Callable[[Connection, E], Awaitable[None]]:
    """A handler that stores an event by `put`, which is False where it knows as new a one."""

    async def on_told(conn: Connection, event: E) -> None:
        if await put(conn, event):
            # An officer's badge, for one, is nothing for a log.
            own = {event.SUBJECT: event.subject} if event.SUBJECT in log.ALLOWED else {}
            log.get().info("event kept", version=event.aggregate_version, **own)

    return on_told
