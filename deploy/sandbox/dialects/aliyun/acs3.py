"""ACS3-HMAC-SHA256, Alibaba Cloud's request signature, seen from the server.

The algorithm and its 15 minute window are documented and checked against the vendor's published
vector. Alibaba's RPC services live at the root of their host and so sign the path ``/``; as this
server hangs below a prefix, a signature over ``/`` or over the real path is accepted.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote

ALGORITHM: Final = "ACS3-HMAC-SHA256"
WINDOW_SECONDS: Final = 15 * 60
MUST_SIGN: Final = (
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
)
AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{{64}})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed. ``headers`` have lower-case names; ``query`` is as it was on the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What the Authorization header says."""

    key_id: str
    signed_headers: tuple[str, ...]
    signature: str


class SignatureError(Exception):
    """``code`` is the vendor's word for what is wrong [C]."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def read_claim(authorization: str) -> Claim:
    """Parse the header, or IncompleteSignature."""
    match = AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        raise SignatureError("IncompleteSignature", f"Authorization is not {ALGORITHM} …")
    key_id, signed, signature = match.groups()
    return Claim(key_id, tuple(signed.split(";")), signature)


def canonical_query(query: str) -> str:
    """Decoded, sorted by name and encoded again after RFC 3986."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)


def canonical_request(request: Signed, signed_headers: Sequence[str], path: str) -> str:
    """The text whose hash is signed."""
    lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in signed_headers)
    body_hash = request.headers.get("x-acs-content-sha256", "")
    names = ";".join(signed_headers)
    parts = (request.method, path, canonical_query(request.query), lines, names, body_hash)
    return "\n".join(parts)


def signature(secret: str, request: Signed, signed_headers: Sequence[str], path: str) -> str:
    """Hex HMAC of the canonical request's hash."""
    hashed = hashlib.sha256(canonical_request(request, signed_headers, path).encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{hashed}".encode(), "sha256").hexdigest()


def verify(request: Signed, key_id: str, secret: str, now: float) -> None:
    """Raise ``SignatureError`` unless key, headers, date, body and signature are right."""
    claim = read_claim(request.headers.get("authorization", ""))
    if claim.key_id != key_id:
        raise SignatureError("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    check_headers(request, claim)
    check_date(request.headers["x-acs-date"], now)
    if request.headers["x-acs-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        raise SignatureError("SignatureDoesNotMatch", "x-acs-content-sha256 is not the body's.")
    wanted = {signature(secret, request, claim.signed_headers, p) for p in ("/", request.path)}
    if not any(hmac.compare_digest(each, claim.signature) for each in wanted):
        raise SignatureError("SignatureDoesNotMatch", "Specified signature is not matched.")


def check_headers(request: Signed, claim: Claim) -> None:
    """All that must be there is there, signed, in order."""
    for name in MUST_SIGN:
        if not request.headers.get(name):
            raise SignatureError("MissingParameter", f"The header {name} is missing.")
        if name not in claim.signed_headers:
            raise SignatureError("IncompleteSignature", f"The header {name} is not signed.")
    if list(claim.signed_headers) != sorted(claim.signed_headers):
        raise SignatureError("IncompleteSignature", "SignedHeaders are not sorted.")


def check_date(date: str, now: float) -> None:
    """At most 15 minutes from the server's clock."""
    try:
        moment = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SignatureError("InvalidTimeStamp.Format", "x-acs-date is not like …T…Z.") from None
    if abs(now - moment) > WINDOW_SECONDS:
        raise SignatureError("InvalidTimeStamp.Expired", "Specified time stamp is expired.")
