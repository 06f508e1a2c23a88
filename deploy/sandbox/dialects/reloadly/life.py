"""What is Reloadly's own in a top-up's life: webhooks of final states, signed [C]."""

import hmac
import json
import sqlite3
from typing import Any

from deploy.sandbox import topups
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialects.reloadly.account import NAME, Account
from deploy.sandbox.dialects.reloadly.wire import transaction_json
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action
from deploy.sandbox.when import now

OTHER = {"SUCCESSFUL": "FAILED", "FAILED": "SUCCESSFUL", "REFUNDED": "SUCCESSFUL"}


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock, by kind of task."""
    return topups.actions(parts, NAME, tell)


def tell(parts: Parts, row: sqlite3.Row) -> None:
    """Plan the webhook of a final state, if the account has an address for it.

    A forger can copy the headers of an earlier one, whose signature then does not fit the body.
    """
    account = parts.account(Account)
    if account.report_url is None:
        return
    data = transaction_json(row)
    true = webhook(data)
    forged = webhook(data | {"status": OTHER[data["status"]]})
    headers = {"Content-Type": "application/json", **signed(account.webhook_secret, true)}
    told = Callback(NAME, row["id"], account.report_url, true, forged, headers)
    plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)


def webhook(data: dict[str, Any]) -> str:
    """The body, as it is sent and signed [C]."""
    return json.dumps({"type": "airtime_transaction.status", "data": data})


def signed(secret: str, body: str) -> dict[str, str]:
    """Hex HMAC-SHA256 over the body, a colon and the time of the request [C]."""
    at = str(int(now() * 1000))
    mac = hmac.new(secret.encode(), f"{body}:{at}".encode(), "sha256").hexdigest()
    return {"X-Reloadly-Signature": mac, "X-Reloadly-Request-Timestamp": at}
