"""What is Africa's Talking's own in a top-up's life: a report that names its own id alone [C]."""

import sqlite3
from urllib.parse import urlencode

from deploy.sandbox import topups
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.africastalking.account import NAME, Account
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OTHER = {"Success": "Failed", "Failed": "Success"}
STATUSES = {"CONFIRMED": "Queued", "SUBMITTED": "Sent", "COMPLETED": "Success"}
PREFIX = "ATQid_"


def status_of(state: str) -> str:
    """Queued, Sent, Success or Failed [C]; one that was taken back has failed [M]."""
    return STATUSES.get(state, "Failed")


def own_id(row_id: int) -> str:
    """The request's id."""
    return f"{PREFIX}{row_id:010}"


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock, by kind of task."""
    return topups.actions(parts, NAME, tell)


def tell(parts: Parts, row: sqlite3.Row) -> None:
    """Plan the report of a final state, if the account has an address for it."""
    url = parts.account(Account).report_url
    if url is None:
        return
    status = status_of(row["status"])
    told = Callback(
        NAME, row["id"], url, report(row["id"], status), report(row["id"], OTHER[status]), FORM
    )
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)


def report(row_id: int, status: str) -> str:
    """`requestId` and `status` [D]."""
    return urlencode({"requestId": own_id(row_id), "status": status})
