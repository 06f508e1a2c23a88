"""The random review: seeds are drawn and committed to beforehand, drawn with, and told afterwards.

Nobody foretells a lot, since the day's seed is sealed until the day is over; and nobody bends one,
since everybody has seen what the seed must fit.
"""

import secrets
from datetime import date, timedelta

from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import sampling
from services.verification.casework.store.sampling import Draw, Seed
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.events import DrawnFor, SampleCommitted, SampleRevealed
from shared.observe import log
from shared.values import clock, lots
from shared.values.seal import Seal, SealBroken

AHEAD = timedelta(days=7)
_AT_ONCE = 100


def source() -> str:
    """Where seeds come from: here the system's randomness; a public witness may take its place."""
    return secrets.token_hex(32)


async def is_drawn(
    conn: Connection, desk: Desk, case: Case, drawn_for: DrawnFor, percent: int
) -> bool:
    """Whether the level above looks at a case again: one lot, drawn at the first time of asking.

    A seed that is lost, or is not what was committed to, draws everything.
    """
    known = await sampling.get_draw(conn, case.case_id, drawn_for)
    if known is not None:
        return known
    await sampling.join_draws(conn)
    stored = await _seed_of(conn, desk)
    seed, number = opened(desk.seal, stored), lots.number_of(case.submission_id)
    drawn = seed is None or lots.is_drawn(seed, drawn_for, number, percent)
    draw = Draw(case.case_id, drawn_for, stored.day, percent, drawn)
    await sampling.add_draw(conn, draw, clock.now())
    return drawn


async def _seed_of(conn: Connection, desk: Desk) -> Seed:
    """Today's, which usually has been there for days."""
    today = desk.today()
    found = await sampling.get_seed(conn, today)
    while found is None:
        await _draw_seed(conn, desk.seal, await sampling.first_untold(conn, today))
        found = await sampling.get_seed(conn, today)
    return found


async def _draw_seed(conn: Connection, seal: Seal, day: date) -> None:
    """Draw a day's seed and commit to it; of two instances one does."""
    seed, at = source(), clock.now()
    promise = lots.commitment(day, seed)
    if await sampling.add_seed(conn, Seed(day, promise, seal.close(seed, f"seed:{day}")), at):
        await publish(conn, SampleCommitted(day=day, commitment=promise, committed_at=at))


def opened(seal: Seal, stored: Seed) -> str | None:
    """The seed; None, said aloud, if it is lost or not what was committed to."""
    try:
        seed = seal.open(stored.seed_sealed, f"seed:{stored.day}")
    except SealBroken as error:
        log.get().error("seed of the random review lost", day=stored.day, reason=str(error))
        return None
    if lots.commitment(stored.day, seed) != stored.commitment:
        log.get().error("seed of the random review does not fit its commitment", day=stored.day)
        return None
    return seed


async def prepare(database: Database, desk: Desk) -> None:
    """See to it that today and the days to come have seeds that everybody can be held to."""
    today = desk.today()
    async with database.transaction() as conn:
        there = await sampling.list_days(conn, today)
        for number in range(AHEAD.days + 1):
            day = today + timedelta(days=number)
            if day not in there:
                await _draw_seed(conn, desk.seal, day)


async def reveal(database: Database, desk: Desk) -> int:
    """Tell the seeds of the days that are over, with all that was drawn; how many cannot be."""
    today = desk.today()
    async with database.transaction() as conn:
        untold, lost = await sampling.list_untold(conn, _AT_ONCE), 0
        if any(stored.day < today for stored in untold):
            await sampling.end_draws(conn)
            untold = await sampling.list_untold(conn, _AT_ONCE)
        for stored in untold:
            seed = opened(desk.seal, stored)
            lost += seed is None
            if seed is not None and stored.day < today:
                await _tell(conn, stored.day, seed)
    return lost


async def _tell(conn: Connection, day: date, seed: str) -> None:
    at = clock.now()
    await sampling.add_reveal(conn, day, at)
    told = await sampling.list_lots(conn, day)
    await publish(conn, SampleRevealed(day=day, seed=seed, revealed_at=at, lots=tuple(told)))
    log.get().info("random review revealed", day=day, count=len(told))
