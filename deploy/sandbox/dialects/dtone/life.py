"""A DT One transaction's life: confirmed, submitted, then completed or declined.

CONFIRMED -> SUBMITTED -> COMPLETED (-> REVERSED, rarely and late) or DECLINED [D]. Callbacks go
out on COMPLETED, DECLINED and REVERSED [D].
"""

import sqlite3

from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.dtone.account import NAME, Account
from deploy.sandbox.dialects.dtone.catalogue import CURRENCY
from deploy.sandbox.dialects.dtone.codes import ENDINGS
from deploy.sandbox.dialects.dtone.wire import Order, transaction_json
from deploy.sandbox.digits import ending, settle_seconds
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action, Task, add_task, finish_task
from deploy.sandbox.when import now

OPEN = ("CONFIRMED", "SUBMITTED")
FORGERY = {"COMPLETED": "DECLINED", "REVERSED": "COMPLETED"}


def find(db: sqlite3.Connection, transaction_id: int) -> sqlite3.Row:
    """By the vendor's id."""
    row: sqlite3.Row = db.execute(
        "SELECT * FROM airtime WHERE id = ?", (transaction_id,)
    ).fetchone()
    return row


def spent_and_held(db: sqlite3.Connection) -> tuple[int, int]:
    """Fen captured, and fen held for open transactions [D]."""
    row = db.execute(
        "SELECT coalesce(sum(fen) FILTER (WHERE status = 'COMPLETED'), 0),"
        " coalesce(sum(fen) FILTER (WHERE status IN (?, ?)), 0) FROM airtime WHERE vendor = ?",
        (*OPEN, NAME),
    ).fetchone()
    return row[0], row[1]


def available(parts: Parts) -> int:
    """Fen left in the wallet."""
    return parts.account(Account).wallet_fen - sum(spent_and_held(parts.book.db))


def create(parts: Parts, order: Order, phone: str, fen: int) -> sqlite3.Row | None:
    """Write a new transaction and send it to the operator; None if the wallet is empty.

    Joins the caller's transaction; the customer's id must be free.
    """
    db, at = parts.book.db, now()
    if parts.faults.strike(NAME, {"empty_wallet"}) or available(parts) < fen:
        return None
    added = db.execute(
        "INSERT INTO airtime (vendor, external_id, product_id, phone, fen, currency, status,"
        " callback_url, created_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, 'CONFIRMED', ?, ?, ?)",
        (
            NAME,
            order.external_id,
            order.product_id,
            phone,
            fen,
            CURRENCY,
            order.callback_url,
            at,
            at,
        ),
    )
    row = find(db, added.lastrowid or 0)
    seconds = settle_seconds(phone, parts.config.delay_scale)
    add_task(db, "dtone.submit", row["id"], seconds / 2)
    return row


def is_used(db: sqlite3.Connection, external_id: str) -> bool:
    """Whether the customer's id was ever taken; also by one that failed later [D]."""
    found = db.execute(
        "SELECT 1 FROM airtime WHERE vendor = ? AND external_id = ?", (NAME, external_id)
    )
    return found.fetchone() is not None


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock, by kind of task."""

    async def submit(task: Task) -> None:
        with parts.book.writing() as db:
            db.execute("UPDATE airtime SET status = 'SUBMITTED' WHERE id = ?", (task.ref,))
            seconds = settle_seconds(find(db, task.ref)["phone"], parts.config.delay_scale)
            add_task(db, "dtone.settle", task.ref, seconds / 2)
            finish_task(db, task)

    async def settle(task: Task) -> None:
        with parts.book.writing() as db:
            settle_now(parts, find(db, task.ref))
            finish_task(db, task)

    async def reverse(task: Task) -> None:
        with parts.book.writing() as db:
            db.execute(
                "UPDATE airtime SET status = 'REVERSED', reversed_at = ? WHERE id = ?",
                (now(), task.ref),
            )
            tell(parts, find(db, task.ref))
            finish_task(db, task)

    return {"dtone.submit": submit, "dtone.settle": settle, "dtone.reverse": reverse}


def settle_now(parts: Parts, row: sqlite3.Row) -> None:
    """The operator's word, by the number's ending; this is the moment when money is paid."""
    status = ENDINGS.get(ending(row["phone"]), "COMPLETED")
    paid = status == "COMPLETED"
    db = parts.book.db
    db.execute(
        "UPDATE airtime SET status = ?, paid_at = ? WHERE id = ?",
        (status, now() if paid else None, row["id"]),
    )
    tell(parts, find(db, row["id"]))
    if paid and (fault := parts.faults.strike(NAME, {"late_reversal"})):
        add_task(db, "dtone.reverse", row["id"], fault.wait * parts.config.delay_scale)


def tell(parts: Parts, row: sqlite3.Row) -> None:
    """Plan the callback of a final state, if the order named an address."""
    if row["callback_url"] is None:
        return
    forged = transaction_json(row, FORGERY.get(row["status"], "COMPLETED"))
    told = Callback(NAME, row["id"], row["callback_url"], transaction_json(row), forged)
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)
