"""What intake does by the clock."""

from services.intake.abuse.gate import Gate
from services.intake.accept import metrics
from services.intake.accept.closed import Closed
from services.intake.accept.store import offices, submissions, units
from shared.db import Database


async def refresh_closed(database: Database, closed: Closed) -> None:
    """Take over which units are closed."""
    async with database.acquire() as conn:
        closed.replace(await units.list_closed(conn))


async def refresh_offices(database: Database, gate: Gate) -> None:
    """Take over what units there are, of which kind, with how many counters."""
    async with database.acquire() as conn:
        gate.replace(await offices.list_offices(conn))


async def observe_strangers(database: Database) -> None:
    """Say how many submissions wait for a unit that the directory does not name."""
    async with database.acquire() as conn:
        metrics.WITHOUT_UNIT.set(await submissions.count_without_unit(conn))


async def sum_received(database: Database) -> None:
    """Bring the totals of what was received up to an hour ago."""
    async with database.transaction() as conn:
        await submissions.sum_up(conn)
