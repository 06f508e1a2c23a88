"""An SMS's life at Twilio: queued, then delivered or undelivered, with a signed call about it."""

import sqlite3
import uuid
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, Field

from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.dialect import is_http
from deploy.sandbox.dialects.twilio.account import NAME, Account
from deploy.sandbox.dialects.twilio.signature import signature
from deploy.sandbox.digits import ending, national
from deploy.sandbox.parts import Parts
from deploy.sandbox.tasks import Action
from deploy.sandbox.texting import Line, accept, arrives, find, refuse

# Refused in the answer, by the number's ending: the code and the HTTP status.
ENDINGS = {"02": (21211, 400), "04": (20429, 429), "05": (63038, 429), "06": (21610, 400)}
NO_NUMBER, EMPTY_WALLET, NOT_OURS = (21211, 400), (20003, 401), (21606, 400)
FAILURES = {"03": "30008"}  # [M] unknown destination, phone off
STATES = {"waiting": "queued", "delivered": "delivered", "failed": "undelivered"}
FORM = "application/x-www-form-urlencoded"


class Send(BaseModel):
    """Fields of a new message [D]; a customer's own reference is not among them."""

    To: str
    From: str = ""
    MessagingServiceSid: str = ""
    Body: Annotated[str, Field(min_length=1, max_length=1600)]
    StatusCallback: Annotated[str, AfterValidator(is_http)] | None = None


def send(parts: Parts, call: Send) -> sqlite3.Row | tuple[int, int]:
    """The message, or why there is none. The same twice is two messages."""
    phone = national(call.To, ("+86",))
    refused = refusal_code(parts, call, phone)
    # Nothing is registered, so the text stands for its template.
    line = Line(NAME, phone or call.To, call.Body, call.Body)
    if refused:
        refuse(parts, line, str(refused[0]))
        return refused
    url = call.StatusCallback or parts.account(Account).report_url
    return find(parts.book.db, accept(parts, line, f"SM{uuid.uuid4().hex}", url))


def refusal_code(parts: Parts, call: Send, phone: str | None) -> tuple[int, int] | None:
    """Why the vendor would not send, in its order of checks [M]; None when it would."""
    if call.From != parts.account(Account).sender and not call.MessagingServiceSid:
        return NOT_OURS
    if phone is None:
        return NO_NUMBER
    if parts.faults.strike(NAME, {"empty_wallet"}):
        return EMPTY_WALLET
    return ENDINGS.get(ending(phone))


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock."""
    return {f"{NAME}.report": arrives(parts, FAILURES, "0", told)}


def told(parts: Parts, row: sqlite3.Row, url: str) -> Callback:
    """The status of a message [D]; a forger has no token to sign the contrary with."""
    account = parts.account(Account)
    fields = {"AccountSid": account.account_sid, "MessageSid": row["biz_id"]}
    fields |= {"From": account.sender, "To": f"+86{row['phone']}", "ApiVersion": "2010-04-01"}
    arrived = row["state"] == "delivered"
    failed = {"MessageStatus": "undelivered", "ErrorCode": row["code"]}
    true, lie = ({"MessageStatus": "delivered"}, failed)[:: 1 if arrived else -1]
    return call_about(account, row["id"], url, fields | true, fields | lie)


def heard(parts: Parts, phone: str, text: str) -> bool:
    """What a phone wrote back [D]; False if no address is configured."""
    account = parts.account(Account)
    if account.inbound_url is None:
        return False
    fields = {"AccountSid": account.account_sid, "MessageSid": f"SM{uuid.uuid4().hex}"}
    fields |= {"From": f"+86{phone}", "To": account.sender, "Body": text, "NumMedia": "0"}
    call = call_about(account, 0, account.inbound_url, fields, fields | {"Body": "forged"})
    plan_callback(parts.book.db, parts.faults, call, parts.config.delay_scale)
    return True


def call_about(
    account: Account, ref: int, url: str, fields: Mapping[str, str], lie: Mapping[str, str]
) -> Callback:
    """A signed form."""
    headers = {
        "Content-Type": FORM,
        "X-Twilio-Signature": signature(account.auth_token, url, fields),
    }
    return Callback(NAME, ref, url, urlencode(fields), urlencode(lie), headers)


def message_json(account: Account, row: sqlite3.Row, created: str) -> dict[str, Any]:
    """A message as the vendor shows it [D]."""
    failed = row["state"] == "failed"
    return {
        "sid": row["biz_id"],
        "account_sid": account.account_sid,
        "to": f"+86{row['phone']}",
        "from": account.sender,
        "body": row["content"],
        "status": STATES[row["state"]],
        "error_code": int(row["code"]) if failed else None,
        "date_created": created,
    }
