"""What is DT One's own in a top-up's life.

An id is taken once, also by what failed later [D]. A network that does not have the number declines
it [D]. Callbacks go out on COMPLETED, DECLINED and REVERSED [D], to the address that the order
named.
"""

import sqlite3

from deploy.sandbox import topups
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.dtone.account import NAME, Account
from deploy.sandbox.dialects.dtone.catalogue import CURRENCY
from deploy.sandbox.dialects.dtone.wire import Order, transaction_json
from deploy.sandbox.digits import network
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action
from deploy.sandbox.topups import TopUp

INELIGIBLE = "DECLINED-INELIGIBLE-CREDIT-PARTY"
FORGERY = {"COMPLETED": "DECLINED", "REVERSED": "COMPLETED"}


def create(parts: Parts, order: Order, phone: str, fen: int) -> sqlite3.Row | None:
    """Write a new transaction; None if the wallet is empty. The customer's id must be free."""
    wanted = TopUp(
        NAME, order.external_id, order.product_id, phone, fen, CURRENCY, order.callback_url
    )
    return topups.take(parts, parts.account(Account).wallet_fen, wanted)


def is_used(db: sqlite3.Connection, external_id: str) -> bool:
    """Whether the customer's id was ever taken; also by one that failed later [D]."""
    return bool(topups.of_reference(db, NAME, external_id))


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock, by kind of task."""
    account = parts.account(Account)

    def refuse(row: sqlite3.Row) -> str | None:
        ours = network(row["phone"]) == account.network_of(row["product_id"])
        return None if ours else INELIGIBLE

    return topups.actions(parts, NAME, tell, refuse)


def tell(parts: Parts, row: sqlite3.Row) -> None:
    """Plan the callback of a final state, if the order named an address."""
    if row["callback_url"] is None:
        return
    account = parts.account(Account)
    forged = transaction_json(account, row, FORGERY.get(row["status"], "COMPLETED"))
    true = transaction_json(account, row)
    told = Callback(NAME, row["id"], row["callback_url"], true, forged)
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)
