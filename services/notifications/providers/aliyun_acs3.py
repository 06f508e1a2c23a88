"""ACS3-HMAC-SHA256: how Alibaba Cloud wants its requests signed.

Written out, since the vendor's own libraries for it bring a whole SDK and a second HTTP client.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from shared.vendors.client import query_string

ALGORITHM = "ACS3-HMAC-SHA256"


@dataclass(frozen=True)
class Action:
    """What is called: `host` as it will stand in the Host header, `path` of the address."""

    host: str
    path: str
    action: str
    version: str
    query: Mapping[str, str]


def headers(action: Action, key_id: str, secret: str, at: datetime, nonce: str) -> dict[str, str]:
    """The headers of a POST with an empty body. `at` is UTC, at most 15 minutes from the vendor's.

    `nonce` is fresh for every call.
    """
    signed = {
        "host": action.host,
        "x-acs-action": action.action,
        "x-acs-content-sha256": sha256(b"").hexdigest(),
        "x-acs-date": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": action.version,
    }
    names = ";".join(signed)
    claim = f"Credential={key_id},SignedHeaders={names},Signature={_sign(action, signed, secret)}"
    return signed | {"authorization": f"{ALGORITHM} {claim}"}


def _sign(action: Action, signed: Mapping[str, str], secret: str) -> str:
    lines = [f"{name}:{value}" for name, value in signed.items()]
    request = ["POST", action.path, query_string(action.query), *lines, "", ";".join(signed)]
    canonical = "\n".join([*request, signed["x-acs-content-sha256"]])
    text = f"{ALGORITHM}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
