"""What verification does by the clock."""

from datetime import timedelta

from prometheus_client import Gauge

from services.verification.casework.acts import recusals, requests, search
from services.verification.casework.store import drafts, erasures, lists, presences
from services.verification.signin.rules import FORGET_AFTER, SESSION_IDLE
from services.verification.signin.store import failures, sessions
from shared.db import Database
from shared.values.seal import Seal

_AT_ONCE = 100
DRAFTS_KEPT = timedelta(days=7)
PRESENCES_KEPT = timedelta(hours=1)
OVERDUE = Gauge("mashang_overdue_cases", "Cases with a callback, verification or review overdue")


async def observe_cases(database: Database) -> None:
    """Set the gauge of overdue cases."""
    async with database.acquire() as conn:
        OVERDUE.set(await lists.count_overdue(conn))


async def examine_cases(database: Database, seal: Seal) -> int:
    """Hold cases against people who have changed since; how many there were."""
    async with database.transaction() as conn:
        return await recusals.examine_again(conn, seal, _AT_ONCE)


async def read_words(database: Database, seal: Seal) -> int:
    """Have cases found by their words; how many there were."""
    async with database.transaction() as conn:
        return await search.read_words(conn, seal, _AT_ONCE)


async def lapse_requests(database: Database) -> int:
    """End the requests to the level above that nobody answered in time; how many."""
    async with database.transaction() as conn:
        return await requests.lapse(conn, _AT_ONCE)


async def erase_cases(database: Database) -> int:
    """Forget what is personal in closed cases, where intake said so; how many submissions."""
    async with database.transaction() as conn:
        due = await erasures.claim_due(conn, _AT_ONCE)
        if due:
            await erasures.erase(conn, due)
    return len(due)


async def remove_old_drafts(database: Database) -> None:
    """Forget what was written on a case and never sent."""
    async with database.acquire() as conn:
        await drafts.delete_old(conn, DRAFTS_KEPT)


async def remove_old_presences(database: Database) -> None:
    """Forget who had a case open when an instance ended."""
    async with database.acquire() as conn:
        await presences.remove_old(conn, PRESENCES_KEPT)


async def remove_old_sessions(database: Database) -> None:
    """Remove sessions and failed sign-ins that are too old to matter."""
    async with database.acquire() as conn:
        await sessions.delete_old(conn, SESSION_IDLE)
        await failures.delete_old(conn, FORGET_AFTER)
