"""A statement is laid beside the ledger; what differs is kept, and may stop a vendor."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from typing import Any

from services.rewards import books
from services.rewards.providers.protocol import NotAStatement, Statement
from services.rewards.rules.reconciling import Difference, Wallet, compare, sums
from services.rewards.store import reconciliations as store
from services.rewards.store import rewards, stops
from services.rewards.store.reconciliations import Made
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, NotFound
from shared.observe import log
from shared.values.sheet import RowError

UNKNOWN = "unknown_order"


def digest(vendor: str, statement: Statement) -> str:
    """The same for the same statement, however it was saved."""
    return sha256(json.dumps([vendor, asdict(statement)], default=str).encode()).hexdigest()


async def must_be_theirs(conn: Connection, vendor: str, statement: Statement) -> None:
    """NotAStatement where its orders were made at other vendors, and none at this one."""
    named = [row.order_id for row in statement.rows]
    elsewhere = await store.list_elsewhere(conn, vendor, named)
    if elsewhere and not await store.list_named(conn, vendor, named):
        told = {"elsewhere": ", ".join(elsewhere), "vendor": vendor}
        raise NotAStatement(RowError(1, "", "statement_elsewhere", told))


async def reconcile(
    conn: Connection, vendor: str, statement: Statement, source: str, actor: str
) -> int:
    """A run; its number. Its rows are stored already; the caller decides alone."""
    ours = await _ours(conn, vendor, statement)
    expected = await _booked(
        conn, await store.list_expected(conn, vendor, statement.opened_at, statement.closed_at)
    )
    before = await store.get_closing(conn, vendor, statement.day - timedelta(days=1))
    wallet = Wallet(
        statement.opening_fen, statement.closing_fen, statement.topped_up_fen, before
    )  # fmt: skip
    named = {row["order_id"]: store.as_ours(row) for row in ours}
    found = compare(statement.rows, named, [store.as_ours(row) for row in expected], wallet)
    paid, refunded = sums(statement.rows)
    made = Made(
        vendor, statement.day, source, digest(vendor, statement), actor, len(statement.rows), paid,
        refunded, statement.topped_up_fen, statement.opening_fen, statement.closing_fen,
    )  # fmt: skip
    return await _keep(conn, made, found)


async def _ours(conn: Connection, vendor: str, statement: Statement) -> Sequence[Any]:
    named = [row.order_id for row in statement.rows]
    await _booked(conn, await store.list_named(conn, vendor, named))
    return await store.list_named(conn, vendor, named)


async def _booked(conn: Connection, found: Sequence[Any]) -> Sequence[Any]:
    """These orders; what an instance of before moved without booking it is booked now."""
    behind = [row for row in found if row["stored"] != row["outcome"]]
    for reward_id in sorted({row["reward_id"] for row in behind}):
        reward = await rewards.claim_one(conn, reward_id)
        if reward:
            await books.post(conn, reward, "caught_up", await rewards.get_now(conn), "system")
            log.get().warning("ledger caught up", reward_id=str(reward_id))
    return [{**dict(row), "outcome": row["stored"]} for row in found]


async def _keep(conn: Connection, made: Made, found: Sequence[Difference]) -> int:
    now = await rewards.get_now(conn)
    unknown = sum(one.kind == UNKNOWN for one in found)
    run_id = await store.add(conn, made, found, unknown, now)
    if unknown:
        await stops.add(conn, run_id, made.vendor, now)
    return run_id


async def lift(conn: Connection, run_id: int, who: Operator, note: str) -> None:
    """One of two people, or the only one where a later run is clean: orders may leave again."""
    await rewards.lock_decisions(conn)
    if await store.get(conn, run_id) is None:
        raise NotFound("refused.no_run")
    if not await stops.is_standing(conn, run_id):
        raise Conflict("refused.no_stop")
    clean = await stops.get_clean_run(conn, run_id)
    now = await rewards.get_now(conn)
    if not await stops.add_lift(conn, run_id, who.username, note, clean, now):
        raise Conflict("refused.signed_already")
    log.get().warning("stop lifted", count=len(await stops.list_lifts(conn, run_id)))
