"""TC3-HMAC-SHA256: how Tencent Cloud wants its requests signed.

Written out, since the vendor's own library for it brings an SDK of all its products.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Action:
    """What is called: `host` as it will stand in the Host header, `path` of the address."""

    host: str
    path: str
    service: str
    action: str
    body: bytes


def headers(action: Action, key_id: str, secret: str, at: datetime) -> dict[str, str]:
    """The headers of a POST. `at` is at most five minutes from the vendor's clock."""
    signed = {
        "content-type": CONTENT_TYPE,
        "host": action.host,
        "x-tc-action": action.action,
    }
    names, scope = ";".join(signed), f"{at.astimezone(UTC):%Y-%m-%d}/{action.service}/tc3_request"
    signature = _sign(action, signed, scope, secret, at)
    claim = f"Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    stamp = str(int(at.timestamp()))
    return signed | {"x-tc-timestamp": stamp, "authorization": f"{ALGORITHM} {claim}"}


def _sign(action: Action, signed: dict[str, str], scope: str, secret: str, at: datetime) -> str:
    lines = [f"{name}:{value.lower()}" for name, value in signed.items()]
    request = ["POST", action.path, "", *lines, "", ";".join(signed)]
    canonical = "\n".join([*request, sha256(action.body).hexdigest()])
    hashed = sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, str(int(at.timestamp())), scope, hashed])
    key = f"TC3{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
