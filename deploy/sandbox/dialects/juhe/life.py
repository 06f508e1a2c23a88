"""What is Juhe's own in a top-up's life: its report, a form with a signature [C].

The signature covers both ids and not the state, so whoever saw a report could change what it says.
"""

import hashlib
import sqlite3
from urllib.parse import urlencode

from deploy.sandbox import topups
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.juhe.account import NAME, Account
from deploy.sandbox.dialects.juhe.codes import CANCELLED, SUCCEEDED, game_state
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OTHER = {SUCCEEDED: CANCELLED, CANCELLED: SUCCEEDED}
NOBODYS = "0" * 32


def md5(*words: str) -> str:
    """Lower-case hex over the words as they follow each other [C]."""
    return hashlib.md5("".join(words).encode(), usedforsecurity=False).hexdigest()


def own_id(row_id: int) -> str:
    """`sporder_id`: digits [C]."""
    return f"2026{row_id:013}"


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock, by kind of task."""
    return topups.actions(parts, NAME, tell)


def tell(parts: Parts, row: sqlite3.Row) -> None:
    """Plan the report of a final state, if the account has an address for it."""
    account = parts.account(Account)
    if account.report_url is None:
        return
    state = game_state(row["status"])
    ids = {"sporder_id": own_id(row["id"]), "orderid": row["external_id"]}
    true = {**ids, "sta": state, "sign": md5(account.key, *ids.values())}
    forged = {**ids, "sta": OTHER[state], "sign": NOBODYS}
    told = Callback(NAME, row["id"], account.report_url, urlencode(true), urlencode(forged), FORM)
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)
