"""A DT One transaction's life: created, confirmed, submitted, then completed or declined.

CREATED -> CONFIRMED -> SUBMITTED -> COMPLETED (-> REVERSED, rarely and late) or DECLINED, and
CREATED -> CANCELLED [D]. Callbacks go out on COMPLETED, DECLINED and REVERSED [D].
"""

import sqlite3

from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.digits import ending, settle_seconds
from deploy.sandbox.dtone_catalogue import CURRENCY
from deploy.sandbox.dtone_codes import ENDINGS, DtOneError
from deploy.sandbox.dtone_wire import CONFIRM_WITHIN_SECONDS, Order, transaction_json
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action, Task, add_task, finish_task
from deploy.sandbox.when import now

VENDOR = "dtone"
OPEN = ("CREATED", "CONFIRMED", "SUBMITTED")
FORGERY = {"COMPLETED": "DECLINED", "REVERSED": "COMPLETED"}


def find(db: sqlite3.Connection, transaction_id: int) -> sqlite3.Row:
    """By the vendor's id, or 1008004."""
    rows = db.execute("SELECT * FROM airtime WHERE vendor = ? AND id = ?", (VENDOR, transaction_id))
    row: sqlite3.Row | None = rows.fetchone()
    if row is None:
        raise DtOneError(1008004)
    return row


def spent_and_held(db: sqlite3.Connection) -> tuple[int, int]:
    """Fen captured, and fen held for open transactions [D]."""
    row = db.execute(
        "SELECT coalesce(sum(fen) FILTER (WHERE status = 'COMPLETED'), 0),"
        " coalesce(sum(fen) FILTER (WHERE status IN (?, ?, ?)), 0) FROM airtime WHERE vendor = ?",
        (*OPEN, VENDOR),
    ).fetchone()
    return row[0], row[1]


def available(parts: Parts) -> int:
    """Fen left in the wallet."""
    return parts.config.dtone_wallet_fen - sum(spent_and_held(parts.book.db))


def create(parts: Parts, order: Order, phone: str, fen: int) -> sqlite3.Row:
    """Write a new transaction, or 1006001. Joins the caller's transaction; the id must be free."""
    db = parts.book.db
    if parts.faults.strike(VENDOR, {"empty_wallet"}) or available(parts) < fen:
        raise DtOneError(1006001)
    added = db.execute(
        "INSERT INTO airtime (vendor, external_id, product_id, phone, fen, currency, status,"
        " callback_url, created_at) VALUES (?, ?, ?, ?, ?, ?, 'CREATED', ?, ?)",
        (
            VENDOR,
            order.external_id,
            order.product_id,
            phone,
            fen,
            CURRENCY,
            order.callback_url,
            now(),
        ),
    )
    row = find(db, added.lastrowid or 0)
    return confirm(parts, row) if order.auto_confirm else row


def is_used(db: sqlite3.Connection, external_id: str) -> bool:
    """Whether the customer's id was ever taken; also by one that failed later [D]."""
    found = db.execute(
        "SELECT 1 FROM airtime WHERE vendor = ? AND external_id = ?", (VENDOR, external_id)
    )
    return found.fetchone() is not None


def confirm(parts: Parts, row: sqlite3.Row) -> sqlite3.Row:
    """Send a created transaction to the operator, or the reason why not."""
    if row["status"] == "CANCELLED":
        raise DtOneError(1007005)
    if row["status"] != "CREATED":
        raise DtOneError(1007002)
    if now() > row["created_at"] + CONFIRM_WITHIN_SECONDS:
        raise DtOneError(1007004)
    db = parts.book.db
    db.execute(
        "UPDATE airtime SET status = 'CONFIRMED', confirmed_at = ? WHERE id = ?", (now(), row["id"])
    )
    seconds = settle_seconds(row["phone"], parts.config.delay_scale)
    add_task(db, "dtone.submit", row["id"], seconds / 2)
    return find(db, row["id"])


def cancel(parts: Parts, row: sqlite3.Row) -> sqlite3.Row:
    """Take back a created transaction, or the reason why not."""
    if row["status"] == "CANCELLED":
        raise DtOneError(1007005)
    if row["status"] != "CREATED":
        raise DtOneError(1007007)
    parts.book.db.execute("UPDATE airtime SET status = 'CANCELLED' WHERE id = ?", (row["id"],))
    return find(parts.book.db, row["id"])


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
    if paid and (fault := parts.faults.strike(VENDOR, {"late_reversal"})):
        add_task(db, "dtone.reverse", row["id"], fault.wait * parts.config.delay_scale)


def tell(parts: Parts, row: sqlite3.Row) -> None:
    """Plan the callback of a final state, if the order named an address."""
    if row["callback_url"] is None:
        return
    forged = transaction_json(row, FORGERY.get(row["status"], "COMPLETED"))
    told = Callback(VENDOR, row["id"], row["callback_url"], transaction_json(row), forged)
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)
