"""A top-up's life, the same at every airtime vendor: taken, passed on, then paid or declined.

CONFIRMED -> SUBMITTED -> COMPLETED (-> REVERSED, rarely and late) or DECLINED. These are the book's
words, whatever the vendor calls them. Whether a customer's reference is taken once is each
dialect's own: the book takes it as often as it is given.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.digits import block, ending, network, settle_seconds
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action, Task, add_task, finish_task
from deploy.sandbox.when import now

OPEN = ("CONFIRMED", "SUBMITTED")
# By the number's last two digits, after a vendor's own sandbox, which reads a whole suffix such as
# 102 [D]; here two digits are enough. Anything else is completed.
ENDINGS = {
    "02": "DECLINED-INVALID-CREDIT-PARTY",
    "03": "DECLINED-BARRED-CREDIT-PARTY",
    "04": "DECLINED-OPERATOR-CURRENTLY-UNAVAILABLE",
    "05": "DECLINED-DUPLICATED-TRANSACTION",
    "06": "DECLINED",
    "07": "DECLINED-EXCEPTION",
}
Tell = Callable[[Parts, sqlite3.Row], None]
Refuse = Callable[[sqlite3.Row], str | None]


@dataclass(frozen=True, slots=True)
class TopUp:
    """What a customer ordered; `reference` is the customer's own."""

    vendor: str
    reference: str
    product: int | str
    phone: str
    fen: int
    currency: str = "CNY"
    callback_url: str | None = None


def take(parts: Parts, wallet_fen: int, wanted: TopUp) -> sqlite3.Row | None:
    """Write a new top-up and pass it on; None if the wallet does not have it.

    Joins the caller's transaction.
    """
    db, at = parts.book.db, now()
    if is_empty(parts, wanted.vendor, wallet_fen, wanted.fen):
        return None
    added = db.execute(
        "INSERT INTO airtime (vendor, external_id, product_id, phone, fen, currency, status,"
        " callback_url, created_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, 'CONFIRMED', ?, ?, ?)",
        (
            wanted.vendor,
            wanted.reference,
            wanted.product,
            wanted.phone,
            wanted.fen,
            wanted.currency,
            wanted.callback_url,
            at,
            at,
        ),
    )
    row = find(db, added.lastrowid or 0)
    seconds = settle_seconds(wanted.phone, parts.config.delay_scale)
    add_task(db, f"{wanted.vendor}.submit", row["id"], seconds / 2)
    return row


def is_empty(parts: Parts, vendor: str, wallet_fen: int, wanted: int) -> bool:
    """Whether the wallet lacks so many fen, or is made to say so."""
    if parts.faults.strike(vendor, {"empty_wallet"}):
        return True
    return wallet_fen - sum(spent_and_held(parts.book.db, vendor)) < wanted


def spent_and_held(db: sqlite3.Connection, vendor: str) -> tuple[int, int]:
    """Fen captured, and fen held for what is under way."""
    row = db.execute(
        "SELECT coalesce(sum(fen) FILTER (WHERE status = 'COMPLETED'), 0),"
        " coalesce(sum(fen) FILTER (WHERE status IN (?, ?)), 0) FROM airtime WHERE vendor = ?",
        (*OPEN, vendor),
    ).fetchone()
    return row[0], row[1]


def known_network(parts: Parts, vendor: str, phone: str) -> str:
    """Whose a number is as far as the vendor has heard, for its look-up."""
    behind = parts.faults.strike(vendor, {"stale_look_up"})
    return block(phone) if behind else network(phone)


def find(db: sqlite3.Connection, row_id: int) -> sqlite3.Row:
    """By the vendor's id, which is there."""
    row: sqlite3.Row = db.execute("SELECT * FROM airtime WHERE id = ?", (row_id,)).fetchone()
    return row


def of_own_id(db: sqlite3.Connection, vendor: str, row_id: int) -> sqlite3.Row | None:
    """By the vendor's id, if it gave it to anything."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM airtime WHERE vendor = ? AND id = ?", (vendor, row_id)
    ).fetchone()
    return row


def of_reference(db: sqlite3.Connection, vendor: str, reference: str) -> list[sqlite3.Row]:
    """By the customer's own, the newest first; also those that failed."""
    return db.execute(
        "SELECT * FROM airtime WHERE vendor = ? AND external_id = ? ORDER BY id DESC",
        (vendor, reference),
    ).fetchall()


def of_time(db: sqlite3.Connection, vendor: str, first: float, last: float) -> list[sqlite3.Row]:
    """Ordered from the first second to the last, the newest first; also those that failed."""
    return db.execute(
        "SELECT * FROM airtime WHERE vendor = ? AND created_at >= ? AND created_at < ? + 1"
        " ORDER BY id DESC",
        (vendor, first, last),
    ).fetchall()


def actions(
    parts: Parts, vendor: str, tell: Tell, refuse: Refuse = lambda row: None
) -> dict[str, Action]:
    """What happens by the clock.

    `tell` plans the report of a final state; `refuse` is the operator's word against an order that
    is not for its numbers.
    """

    async def submit(task: Task) -> None:
        with parts.book.writing() as db:
            db.execute("UPDATE airtime SET status = 'SUBMITTED' WHERE id = ?", (task.ref,))
            seconds = settle_seconds(find(db, task.ref)["phone"], parts.config.delay_scale)
            add_task(db, f"{vendor}.settle", task.ref, seconds / 2)
            finish_task(db, task)

    async def settle(task: Task) -> None:
        with parts.book.writing() as db:
            row = find(db, task.ref)
            _settle(parts, row, tell, refuse(row))
            finish_task(db, task)

    async def reverse(task: Task) -> None:
        with parts.book.writing() as db:
            db.execute(
                "UPDATE airtime SET status = 'REVERSED', reversed_at = ? WHERE id = ?",
                (now(), task.ref),
            )
            tell(parts, find(db, task.ref))
            finish_task(db, task)

    return {f"{vendor}.submit": submit, f"{vendor}.settle": settle, f"{vendor}.reverse": reverse}


def _settle(parts: Parts, row: sqlite3.Row, tell: Tell, refused: str | None) -> None:
    """The operator's word, by the number's ending; this is the moment when money is paid."""
    status = refused or ENDINGS.get(ending(row["phone"]), "COMPLETED")
    paid = status == "COMPLETED"
    db = parts.book.db
    db.execute(
        "UPDATE airtime SET status = ?, paid_at = ? WHERE id = ?",
        (status, now() if paid else None, row["id"]),
    )
    tell(parts, find(db, row["id"]))
    if paid and (fault := parts.faults.strike(row["vendor"], {"late_reversal"})):
        delay = fault.wait * parts.config.delay_scale
        add_task(db, f"{row['vendor']}.reverse", row["id"], delay)
