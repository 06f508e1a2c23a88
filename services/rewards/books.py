"""Everything that is written into the ledger: what moves post, what people enter and take back."""

from datetime import date, datetime

from services.rewards.rules import ledger as rule
from services.rewards.rules.ledger import Place
from services.rewards.rules.payouts import Reward
from services.rewards.store import closes, ledger
from shared.db import Connection, Database
from shared.errors import Conflict, NotFound
from shared.values import clock

SUMMED_AT_ONCE = 5000


async def post(
    conn: Connection, reward: Reward, step: str, now: datetime, actor: str, note: str | None = None
) -> None:
    """Book where a reward's money stands after a move, in the transaction of the move."""
    booked = await ledger.list_of(conn, reward.id)
    stands = rule.standing(reward, await ledger.list_held(conn, reward.id))
    entries = rule.missing(stands, booked)
    if not entries:
        return
    month, for_month = await _month(conn, clock.service_day(now))
    reverses = rule.reversed_by(entries, booked)
    await ledger.add(
        conn, step, entries, month, now, actor=actor, reward_id=reward.id, version=reward.version,
        for_month=for_month, reverses=reverses, refers_to=rule.about(entries, booked), note=note,
    )  # fmt: skip


async def top_up(
    conn: Connection, vendor: str, fen: int, day: date, now: datetime, actor: str, note: str
) -> int:
    """Money that was paid into a vendor's wallet on a day; the posting's number."""
    entries = {Place("wallet", vendor): fen, Place("topped_up", vendor): -fen}
    month, for_month = await _month(conn, day)
    return await ledger.add(
        conn, "topped_up", entries, month, now, actor=actor, for_month=for_month, note=note
    )


async def take_back(conn: Connection, number: int, now: datetime, actor: str, note: str) -> int:
    """Turn round what a person entered, and nothing else: payouts are mended by their moves."""
    posting = await ledger.get(conn, number)
    if posting is None:
        raise NotFound("refused.no_posting")
    if posting.reverses or any(place.order_id or not place.vendor for place in posting.entries):
        raise Conflict("refused.posting_not_reversible")
    if await ledger.is_reversed(conn, number):
        raise Conflict("refused.posting_reversed")
    month, for_month = await _month(conn, clock.service_day(now))
    return await ledger.add(
        conn, "reversal", rule.turned_round(posting.entries), month, now, actor=actor,
        for_month=for_month, reverses=number, note=note,
    )  # fmt: skip


async def add_up(database: Database) -> int:
    """Sum what was posted since; how many entries."""
    async with database.transaction() as conn:
        return await ledger.add_up(conn, SUMMED_AT_ONCE)


async def _month(conn: Connection, day: date) -> tuple[date, date | None]:
    return rule.month_of(day, await closes.get_last(conn))
