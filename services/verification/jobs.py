"""What verification does by the clock."""

from datetime import timedelta

from services.verification import metrics
from services.verification.casework.acts import recusals, requests, sampling, search
from services.verification.casework.acts.desk import Desk
from services.verification.casework.store import drafts, erasures, figures, presences
from services.verification.directory.store import previews
from services.verification.signin.rules import FORGET_AFTER, SESSION_IDLE
from services.verification.signin.store import events, failures, sessions
from shared.db import Database
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal

_AT_ONCE = 100
_EVENTS_AT_ONCE = 10_000
_CHANGES_AT_ONCE = 5000
DRAFTS_KEPT = timedelta(days=7)
PRESENCES_KEPT = timedelta(hours=1)


async def examine_cases(database: Database, desk: Desk) -> int:
    """Hold cases against people who have changed since; how many there were."""
    async with database.transaction() as conn:
        return await recusals.examine_again(conn, desk, _AT_ONCE)


async def read_words(database: Database, seal: Seal) -> int:
    """Have cases found by their words; how many there were."""
    async with database.transaction() as conn:
        return await search.read_words(conn, seal, _AT_ONCE)


async def lapse_requests(database: Database) -> int:
    """End the requests to the level above that nobody answered in time; how many."""
    async with database.transaction() as conn:
        return await requests.lapse(conn, _AT_ONCE)


async def draw_seeds(database: Database, desk: Desk) -> None:
    """Commit to the seeds of the random review for the days to come; tell those that are over."""
    await sampling.prepare(database, desk)
    metrics.SEEDS_LOST.set(await sampling.reveal(database, desk))


async def sum_figures(database: Database, policies: Policies) -> int:
    """Sum what the figures gained and lost since; how many changes."""
    async with database.transaction() as conn:
        return await figures.add_up(conn, policies.editions[-1].timezone, _CHANGES_AT_ONCE)


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


async def remove_old_previews(database: Database) -> None:
    """Forget files of the directory that nobody imported."""
    async with database.acquire() as conn:
        await previews.remove_old(conn)


async def remove_old_presences(database: Database) -> None:
    """Forget who had a case open when an instance ended."""
    async with database.acquire() as conn:
        await presences.remove_old(conn, PRESENCES_KEPT)


async def remove_old_sessions(database: Database) -> None:
    """Remove sessions and failed sign-ins that are too old to matter."""
    async with database.acquire() as conn:
        await sessions.delete_old(conn, SESSION_IDLE)
        await failures.delete_old(conn, FORGET_AFTER)


async def forget_account_events(database: Database, policies: Policies) -> int:
    """Remove what happened to accounts so long ago that it is not kept any more; how many."""
    kept = timedelta(days=policies.at(clock.now()).privacy.account_days)
    async with database.acquire() as conn:
        return await events.forget(conn, kept, _EVENTS_AT_ONCE)
