"""How commands replay and discard: counted first, a batch at a time, on record with who did it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import Progress

from deploy.cli import surroundings
from shared.console import acts, waiting
from shared.console.acts import Act, What
from shared.console.waiting import Kind, Wanted
from shared.db import Database

HURTS: Mapping[What, str] = {
    "replay": "They are tried again; what is not mended fails and is parked again.",
    "discard": "They are never handled: what they would have led to does not happen, and no event"
    " can be replayed from the record.",
}
DONE: Mapping[What, str] = {"replay": "will be tried again", "discard": "are discarded"}
_NEWEST = 2**62


async def look(service: str, wanted: Wanted) -> tuple[list[Kind], Wanted]:
    """How many are meant, by type; and the same wish for what waits by now, nothing later."""
    now = datetime.now(UTC)
    seen = wanted.model_copy(update={"until": now})
    async with surroundings.transaction(service) as conn:
        return await waiting.list_kinds(conn, seen, now), seen


async def touch(service: str, act: What, wanted: Wanted, reason: str, number: int) -> int:
    """Do it to the end, with a bar where somebody watches; how many events."""
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    async with surroundings.database(service) as database:
        async with database.transaction() as conn:
            act_id = await acts.begin(conn, act, whose(), reason.strip(), wanted)
        with bar:
            task = bar.add_task(act, total=number)
            while not (now := await _go_on(database, act_id)).ended_at:
                bar.update(task, completed=now.done)
    return now.done


async def _go_on(database: Database, act_id: int) -> Act:
    async with database.transaction() as conn:
        taken = await acts.step(conn, act_id)
        found = await acts.get_act(conn, act_id)
    if taken is None:  # the service itself is at it
        await asyncio.sleep(0.1)
    assert found is not None  # noqa: S101 (acts are never removed)
    return found


def whose() -> str:
    """Who gives the command, as the record has them."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "command"


async def list_acts(service: str) -> list[Act]:
    """The newest first."""
    async with surroundings.transaction(service) as conn:
        return await acts.list_acts(conn, _NEWEST)
