"""The ledger on a real database: what every move books, what it refuses, how it is added up."""

import asyncio
from datetime import date
from importlib import import_module
from typing import get_args

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.rewards import books
from services.rewards.rules import ledger as rule
from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import MOVES, State, Step
from services.rewards.store import ledger, rewards
from shared.db import Connection, Database
from shared.errors import Conflict, NotFound
from shared.values import clock
from tests.integration.test_rewards_decisions import advance, hear, verified
from tests.integration.test_rewards_moves import stored, walked

SERVICE = "rewards"
LATER = date(9999, 1, 1)


async def balances(conn: Connection) -> dict[tuple[str, str], int]:
    """Every account that is not empty."""
    found: dict[tuple[str, str], int] = {}
    for one in await ledger.list_turnover(conn, LATER):
        key = (one.account, one.vendor)
        found[key] = found.get(key, 0) + one.debit_fen - one.credit_fen
    return {key: fen for key, fen in found.items() if fen}


async def all_hold(conn: Connection) -> None:
    """What waits for the end of the transaction is checked now."""
    await conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await conn.execute("SET CONSTRAINTS ALL DEFERRED")


def expected(reward: Reward) -> dict[tuple[str, str], int]:
    """By the state alone, where 20 yuan of one reward with at most one open order stand."""
    fen, found = reward.amount_fen, dict[tuple[str, str], int]()
    if reward.state in ("submitting", "accepted", "unknown"):
        found = {("wallet", "somebody"): -fen, ("suspense", "somebody"): fen}
    elif reward.state == "paid":
        found = {("wallet", "somebody"): -fen, ("paid", "somebody"): fen}
    elif reward.state == "reversed":
        found = {("paid", "somebody"): fen, ("reversed", "somebody"): -fen}
    if reward.state in rule.OWED:
        found |= {("granted", ""): fen, ("owed", ""): -fen}
    return found


@pytest.mark.parametrize(("state", "step"), MOVES)
async def test_every_move_books_where_the_money_stands(
    conn: Connection, state: State, step: Step
) -> None:
    """In the transaction of the move itself, whichever move it is, debits and credits alike."""
    moved = await stored(conn, await walked(conn, state), step)
    await all_hold(conn)
    assert expected(moved) == await balances(conn)


def test_every_state_is_owed_or_not() -> None:
    """A state that nobody thought of here is found."""
    assert {"eligible", "held", "refused", "paid"} == {*get_args(State)} - rule.OWED


async def test_what_is_taken_back_names_what_it_takes_back(conn: Connection) -> None:
    """A refused order turns its own posting round; a reversal refers to the payment."""
    first = await hear(conn, verified())
    assert first is not None
    await advance(conn, first, "leased", "rejected")
    second = await hear(conn, verified())
    assert second is not None
    await advance(conn, second, "leased", "paid", "reversed")
    rows = list(reversed(await ledger.list_page(conn, None, 50)))
    told = [(r["step"], r["reverses"], r["refers_to"]) for r in rows]
    by_step = {(r["step"], r["reward_id"]): r["posting_no"] for r in rows}
    assert ("rejected", by_step["leased", first.id], None) in told
    assert ("reversed", None, by_step["paid", second.id]) in told
    await all_hold(conn)


async def test_a_move_that_came_too_late_books_nothing(conn: Connection) -> None:
    """Nor does one that leaves the money where it is."""
    reward = await hear(conn, verified())
    assert reward is not None
    await advance(conn, reward, "leased")
    number = len(await ledger.list_page(conn, None, 50))
    await advance(conn, (await rewards.get(conn, reward.id)) or reward, "accepted")
    assert number == len(await ledger.list_page(conn, None, 50)) == 2


async def test_what_was_forgotten_is_booked_by_the_next_move(conn: Connection) -> None:
    """An instance of before moved a reward and posted nothing: all of it comes with the next."""
    reward = await hear(conn, verified())
    assert reward is not None
    now = await rewards.get_now(conn)
    await conn.execute(
        "INSERT INTO orders (order_id, reward_id, attempt, vendor, amount_fen, opened_at, outcome,"
        " closed_at) VALUES ('abcdefgh', $1, 0, 'old', 2000, now(), 'paid', now())", reward.id,
    )  # fmt: skip
    await books.post(conn, reward, "caught_up", now, "system")
    assert {("granted", ""): 2000, ("owed", ""): -2000, ("paid", "old"): 2000,
            ("wallet", "old"): -2000} == await balances(conn)  # fmt: skip


POSTING = """
    INSERT INTO ledger_postings (step, month, actor, booked_at, reverses, note)
    VALUES ($1, '2026-03-01', 'x', now(), $2, 'x') RETURNING posting_no
"""
ENTRY = "INSERT INTO ledger_entries VALUES ($1, $2, $3, '', $4)"
Lines = list[tuple[str, str, int]]
REFUSED: list[tuple[str, Lines, str]] = [
    ("nothing", [], "ledger_balanced"),
    ("one side", [("wallet", "v", 5)], "ledger_balanced"),
    ("not alike", [("wallet", "v", 5), ("topped_up", "v", -4)], "ledger_balanced"),
    ("no account", [("elsewhere", "v", 5)], "ledger_entries_account"),
    ("no vendor", [("wallet", "", 5)], "ledger_entries_vendor"),
    ("a vendor's debt", [("owed", "v", 5)], "ledger_entries_vendor"),
    ("zero", [("wallet", "v", 0)], "ledger_entries_fen"),
]


async def broken(conn: Connection, entries: Lines, reverses: int | None = None) -> str:
    """The name of what a posting breaks, at the end of the transaction at the latest."""
    try:
        async with conn.transaction():
            number = await conn.fetchval(POSTING, "reversal" if reverses else "x", reverses)
            for entry in entries:
                await conn.execute(ENTRY, number, *entry)
            await all_hold(conn)
    except asyncpg.IntegrityConstraintViolationError as error:
        return str(error.as_dict()["constraint_name"])
    return ""


@pytest.mark.parametrize(("_", "entries", "constraint"), REFUSED, ids=[r[0] for r in REFUSED])
async def test_the_database_refuses_what_does_not_balance(
    conn: Connection, _: str, entries: Lines, constraint: str
) -> None:
    """By the name of what it breaks, whoever wrote it."""
    assert constraint == await broken(conn, entries)


async def booked(conn: Connection, fen: int) -> int:
    """A balanced posting, as anybody with the service's role could write it."""
    number: int = await conn.fetchval(POSTING, "x", None)
    await conn.execute(ENTRY, number, "wallet", "v", fen)
    await conn.execute(ENTRY, number, "topped_up", "v", -fen)
    return number


async def add_lines(database: Database, number: int) -> None:
    """Two lines more of a posting, which balance."""
    async with database.transaction() as conn:
        await conn.execute(ENTRY, number, "wallet", "w", 5)
        await conn.execute(ENTRY, number, "topped_up", "w", -5)


async def test_a_posting_is_complete_with_its_transaction(database: Database) -> None:
    """Two lines more that balance are refused later."""
    async with database.transaction() as conn:
        number = await booked(conn, 5)
    with pytest.raises(asyncpg.CheckViolationError, match="is complete"):
        await add_lines(database, number)


async def test_a_reversal_is_its_posting_turned_round(conn: Connection) -> None:
    """Not another amount, not twice, and not of something to come."""
    number = await booked(conn, 5)
    back: Lines = [("wallet", "v", -5), ("topped_up", "v", 5)]
    other: Lines = [("wallet", "v", -4), ("topped_up", "v", 4)]
    assert "ledger_reversal" == await broken(conn, other, number)
    assert "ledger_postings_backwards" == await broken(conn, back, number + 50)
    assert "" == await broken(conn, back, number)
    assert "ledger_postings_reversed_once" == await broken(conn, back, number)


async def test_a_persons_entry_is_taken_back_once(conn: Connection) -> None:
    """A top-up is reversed by a posting that names it; a payout's posting by no hand."""
    now = await rewards.get_now(conn)
    number = await books.top_up(conn, "v", 5000, clock.service_day(now), now, "ann", "transfer 7")
    assert {("wallet", "v"): 5000, ("topped_up", "v"): -5000} == await balances(conn)
    await books.take_back(conn, number, now, "ben", "typed wrongly")
    assert {} == await balances(conn)
    with pytest.raises(Conflict):
        await books.take_back(conn, number, now, "ben", "again")
    with pytest.raises(Conflict):
        await books.take_back(conn, number + 1, now, "ben", "the reversal")
    with pytest.raises(NotFound):
        await books.take_back(conn, number + 50, now, "ben", "nothing")
    await hear(conn, verified())
    with pytest.raises(Conflict):
        await books.take_back(conn, number + 2, now, "ben", "a payout")
    await all_hold(conn)


CLOSE = """
    INSERT INTO ledger_closes (month, year, number, rows, digest, signed_by, signer, closed_at)
    VALUES ($1, 2026, 1, '[]', 'd', 'ann', 'Ann', now())
"""


async def test_a_closed_month_takes_nothing_more(conn: Connection) -> None:
    """What belongs there goes to the next, and says so; the database itself refuses the other."""
    await conn.execute(CLOSE, date(2026, 3, 1))
    with pytest.raises(asyncpg.CheckViolationError, match="is closed"):
        async with conn.transaction():
            await booked(conn, 5)
    now = await rewards.get_now(conn)
    await books.top_up(conn, "v", 5000, date(2026, 2, 7), now, "ann", "found late")
    (row,) = await ledger.list_page(conn, None, 2)
    assert (date(2026, 4, 1), date(2026, 2, 1)) == (row["month"], row["for_month"])


async def test_sums_are_the_entries_whenever_they_are_added_up(database: Database) -> None:
    """Two instances at once, in the middle of it and after it: nothing twice, nothing left out."""
    async with database.transaction() as conn:
        for fen in (5, 7, 11):
            await booked(conn, fen)
        before = await balances(conn)
    for _ in range(4):
        async with database.transaction() as conn, database.transaction() as other:
            await asyncio.gather(ledger.add_up(conn, 2), ledger.add_up(other, 2))
            assert before == await balances(conn)
    async with database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM ledger_fresh")
        assert {("wallet", "v"): 23, ("topped_up", "v"): -23} == before == await balances(conn)


async def test_what_was_there_before_is_carried_over(
    database: Database, templates: Postgres
) -> None:
    """The migration books the rewards of before as their moves would have."""
    async with database.transaction() as conn:
        for state in get_args(State):
            await walked(conn, state)
        wanted = await balances(conn)
        name = await conn.fetchval("SELECT current_database()")
    before = import_module("services.rewards.migrations.rewards_0012").BEFORE
    hand = await asyncpg.connect(templates.url(name))
    try:
        async with hand.transaction():
            await hand.execute("SET session_replication_role = replica")
            for table in ("ledger_entries", "ledger_postings", "ledger_fresh"):
                await hand.execute(f"DELETE FROM {table}")
            await hand.execute("SET session_replication_role = origin")
            await hand.execute(before)
    finally:
        await hand.close()
    async with database.transaction() as conn:
        assert wanted == await balances(conn)
        for reward_id in [r["id"] for r in await conn.fetch("SELECT id FROM rewards")]:
            reward = await rewards.get(conn, reward_id)
            assert reward is not None
            held = await ledger.list_held(conn, reward.id)
            assert {} == rule.missing(
                rule.standing(reward, held), await ledger.list_of(conn, reward.id)
            )
        assert await booked(conn, 5) > len(wanted)
