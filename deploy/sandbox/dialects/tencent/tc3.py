"""TC3-HMAC-SHA256, Tencent Cloud's request signature, seen from the server.

Checked against the vendor's published vector; at most five minutes old [D]. Their services live at
the root of their host and so sign the path ``/``; as this server hangs below a prefix, a signature
over ``/`` or over the real path is accepted.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

ALGORITHM: Final = "TC3-HMAC-SHA256"
WINDOW_SECONDS: Final = 5 * 60
MUST_SIGN: Final = {"content-type", "host"}  # [D]
AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,\s]+)/(?P<date>[0-9-]+)/(?P<service>\w+)/tc3_request,"
    r"\s*SignedHeaders=(?P<names>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed. ``headers`` have lower-case names."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class SignatureError(Exception):
    """``code`` is the vendor's word for what is wrong [C]."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def signature(request: Signed, names: str, secret: str, scope: str, path: str) -> str:
    """Hex HMAC under the key of a day and a service."""
    lines = "".join(f"{n}:{request.headers.get(n, '').strip().lower()}\n" for n in names.split(";"))
    hashed = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join(("POST", path, "", lines, names, hashed))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join((ALGORITHM, request.headers["x-tc-timestamp"], scope, digest))
    key = f"TC3{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def verify(request: Signed, key_id: str, secret: str, now: float) -> None:
    """Raise ``SignatureError`` unless key, headers, time and signature are right."""
    claim = AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if claim is None:
        raise SignatureError("AuthFailure.InvalidAuthorization", "Authorization is malformed.")
    if claim["key"] != key_id:
        raise SignatureError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    if not set(claim["names"].split(";")) >= MUST_SIGN:
        raise SignatureError("AuthFailure.SignatureFailure", "Headers are not signed.")
    check_time(request.headers.get("x-tc-timestamp", ""), claim["date"], now)
    scope = f"{claim['date']}/{claim['service']}/tc3_request"
    made = (signature(request, claim["names"], secret, scope, p) for p in ("/", request.path))
    if not any(hmac.compare_digest(each, claim["signature"]) for each in made):
        raise SignatureError("AuthFailure.SignatureFailure", "The signature does not match.")


def check_time(stamp: str, date: str, now: float) -> None:
    """At most five minutes from the server's clock, and of the day that is signed."""
    if not re.fullmatch("[0-9]{1,11}", stamp):
        raise SignatureError("MissingParameter", "X-TC-Timestamp is missing.")
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        raise SignatureError("AuthFailure.SignatureExpire", "The signature is expired.")
    if f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d}" != date:
        raise SignatureError("AuthFailure.SignatureFailure", "The date is not the timestamp's.")
