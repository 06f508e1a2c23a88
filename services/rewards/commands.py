"""What commands do to rewards: a vendor's statement is taken in, all of its rows or none.

All functions run in the caller's transaction on a connection of the service.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.rewards import reconciling
from services.rewards.close_notes import MOST, Checked, check
from services.rewards.providers.protocol import NotAStatement, Statement, StatementRow
from services.rewards.providers.registry import ADAPTERS
from services.rewards.rules.mismatches import Kind, Mismatch
from services.rewards.store import (
    close_keys,
    earlier,
    mismatches,
    reconciliations,
    rewards,
    statements,
)
from services.rewards.store.compared import KNOWN, TOLD
from shared.db import Connection
from shared.errors import Misconfigured
from shared.values.notes import PublicKey
from shared.values.sheet import RowError
from shared.vendors.vendor import twofold

__all__ = [
    "KNOWN", "MOST", "TOLD", "Checked", "Imported", "NotAStatement", "check_close",
    "import_statement", "list_close_keys", "list_differences", "list_twofold", "read", "take",
]  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """What was taken: rows, how many of them new, and orders in it that are none of ours.

    `mismatches`: what it shows that a person must settle, and that was not known before. `run` is
    the one that laid it beside the ledger; `stopped` when no order leaves because of it; `again`
    when that was done before, and nothing changed.
    """

    day: date
    rows: int
    added: int
    strange: int
    mismatches: int = 0
    run: int = 0
    differences: int = 0
    stopped: bool = False
    again: bool = False


async def import_statement(
    conn: Connection,
    vendor: str,
    raw: bytes,
    day: date | None = None,
    *,
    source: str = "file",
    actor: str = "command",
) -> Imported:
    """Take in a day that is over. NotAStatement names the bad rows; nothing is stored then.

    Each order of ours that it sees otherwise than we do is asked about; what no question can mend
    is a mismatch. Rows only ever come in addition: a later file of a day takes nothing back, and
    one that says the same as an earlier one changes nothing at all.
    """
    return await take(conn, vendor, read(vendor, raw, day), source=source, actor=actor)


def read(vendor: str, raw: bytes, day: date | None) -> Statement:
    """What a file says. NotAStatement, or Misconfigured where no adapter is of this name."""
    if vendor not in ADAPTERS:
        raise Misconfigured(f"no vendor {vendor!r}; known: {', '.join(ADAPTERS)}")
    return ADAPTERS[vendor].read_statement(raw, day)


async def take(
    conn: Connection, vendor: str, statement: Statement, *, source: str, actor: str
) -> Imported:
    """The same of a statement that was read already."""
    if statement.closed_at > await rewards.get_now(conn):
        day = {"day": f"{statement.day}"}
        raise NotAStatement(RowError(1, "", "statement_not_over", day))
    await rewards.lock_decisions(conn)
    await reconciling.must_be_theirs(conn, vendor, statement)
    same = reconciling.digest(vendor, statement)
    run = await reconciliations.get_same(conn, vendor, statement.day, same)
    done = Imported(statement.day, len(statement.rows), 0, 0, again=True)
    if run is None:
        done = await _take(conn, vendor, statement)
        run = await reconciling.reconcile(conn, vendor, statement, source, actor)
    told = await reconciliations.get(conn, run) or {}
    return replace(done, run=run, differences=told["differences"], stopped=told["stopped"])


def check_close(raw: bytes, keys: Sequence[PublicKey]) -> Checked:
    """What a closed month's file proves. Invalid says why not."""
    return check(raw, keys)


async def list_close_keys(conn: Connection) -> list[PublicKey]:
    """All that ever signed a month."""
    return await close_keys.list_all(conn)


async def list_differences(conn: Connection, run: int, most: int) -> list[dict[str, Any]]:
    """What a run found."""
    return await reconciliations.list_differences(conn, run, most)


async def _take(conn: Connection, vendor: str, statement: Statement) -> Imported:
    await statements.add(conn, vendor, statement.day, statement.opened_at, statement.closed_at)
    added, strange, found = 0, 0, list[Mismatch]()
    for row in statement.rows:
        added += await statements.add_order(
            conn, vendor, statement.day, row.order_id, row.outcome, row.vendor_ref, row.product,
            row.amount_fen,
        )  # fmt: skip
        order = await statements.get_order(conn, vendor, row.order_id)
        strange += order is None
        found += await _compare(conn, vendor, statement.day, row, order)
    found += await _missed(conn, vendor, statement)
    new = sum([await mismatches.add(conn, one) for one in found])
    return Imported(statement.day, len(statement.rows), added, strange, new)


async def _compare(
    conn: Connection, vendor: str, day: date, row: StatementRow, order: Mapping[str, Any] | None
) -> list[Mismatch]:
    other = await statements.get_other_ref(conn, vendor, row.order_id, row.vendor_ref)
    if order and order["outcome"] not in (row.outcome, "reversed"):
        await rewards.mark_due(conn, vendor, row.order_id)
        await earlier.mark_due(conn, vendor, row.order_id)
    said: dict[str, str | int] = {
        "day": day.isoformat(), "outcome": row.outcome, "theirs_fen": row.amount_fen,
        "their_product": row.product, "ref": row.vendor_ref,
    }  # fmt: skip
    reward_id = order["reward_id"] if order else None
    return [
        Mismatch(kind, vendor, row.order_id, reward_id, facts={**said, **facts})
        for kind, facts in _differences(row, order, other)
    ]


def _differences(
    row: StatementRow, order: Mapping[str, Any] | None, other: str | None
) -> Iterator[tuple[Kind, Mapping[str, str | int]]]:
    if order is None:
        yield "no_order", {}
        return
    # Orders of before do not know their product.
    if row.amount_fen != order["amount_fen"] or order["product"] not in ("", row.product):
        yield "amount", {"ours_fen": order["amount_fen"], "product": order["product"]}
    if other and row.outcome == "paid":
        yield "twice", {"other_ref": other}


async def _missed(conn: Connection, vendor: str, statement: Statement) -> list[Mismatch]:
    rows = await statements.list_unlisted(conn, vendor, statement.opened_at, statement.closed_at)
    day = statement.day.isoformat()
    return [
        Mismatch("unlisted", vendor, row["order_id"], row["reward_id"],
                 facts={"day": day, "ours_fen": row["amount_fen"]})
        for row in rows
    ]  # fmt: skip


def list_twofold() -> list[str]:
    """The vendors' variables that may hold two secrets while one follows another."""
    return [name for adapter in ADAPTERS.values() for name in twofold(adapter.settings)]
