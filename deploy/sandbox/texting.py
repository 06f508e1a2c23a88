"""An SMS's life at any vendor: refused at once, or waiting and then delivered or failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection, Row

from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.digits import ending, settle_seconds
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action, Task, add_task, finish_task
from deploy.sandbox.when import now


@dataclass(frozen=True, slots=True)
class Line:
    """What is sent: in the vendor's words, and as the phone shows it."""

    vendor: str
    phone: str
    template: str
    content: str
    out_id: str = ""


def write(db: Connection, line: Line, state: str, code: str, biz_id: str | None) -> int:
    """A line of the book, also for what was refused."""
    added = db.execute(
        "INSERT INTO sms (vendor, phone, template, content, out_id, state, code, biz_id, sent_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (line.vendor, line.phone, line.template, line.content, line.out_id, state, code, biz_id,
         now()),
    )  # fmt: skip
    return added.lastrowid or 0


def refuse(parts: Parts, line: Line, code: str) -> None:
    """Not sent."""
    write(parts.book.db, line, "refused", code, None)


def accept(parts: Parts, line: Line, biz_id: str, report_url: str | None) -> int:
    """Waiting for the carrier, of whose word the customer hears; its number in the book."""
    row_id = write(parts.book.db, line, "waiting", "", biz_id)
    seconds = settle_seconds(line.phone, parts.config.delay_scale)
    add_task(parts.book.db, f"{line.vendor}.report", row_id, seconds, {"url": report_url})
    return row_id


def find(db: Connection, row_id: int) -> Row:
    """By its number in the book."""
    row: Row = db.execute("SELECT * FROM sms WHERE id = ?", (row_id,)).fetchone()
    return row


def arrives(
    parts: Parts,
    failures: Mapping[str, str],
    delivered: str,
    report: Callable[[Parts, Row, str], Callback],
) -> Action:
    """The carrier's word, by the number's ending: the vendor's code for it, and the report."""

    async def arrive(task: Task) -> None:
        with parts.book.writing() as db:
            code = failures.get(ending(find(db, task.ref)["phone"]))
            db.execute(
                "UPDATE sms SET state = ?, code = ?, reported_at = ? WHERE id = ?",
                ("failed" if code else "delivered", code or delivered, now(), task.ref),
            )
            if url := task.payload.get("url"):
                told = report(parts, find(db, task.ref), url)
                plan_callback(db, parts.faults, told, parts.config.delay_scale)
            finish_task(db, task)

    return arrive
