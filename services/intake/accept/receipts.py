"""The receipt: a code that only the citizen has, and a signed statement that we took it in.

The code is derived from the idempotency key, so a repeat gets the same one although only its hash
is stored. The statement commits to the content by a hash keyed with the code: who holds the code
can prove every word, and who holds only our database can guess none.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.intake.accept import base32
from services.intake.accept.submission import Draft
from shared.values import pasted, text

LENGTH = 16
_NO_MARKS = str.maketrans("", "", "-._")


class Facts(Protocol):
    """What a statement is about."""

    @property
    def id(self) -> UUID: ...
    @property
    def receipt_hash(self) -> bytes: ...
    @property
    def content_hash(self) -> bytes: ...
    @property
    def kind(self) -> str: ...
    @property
    def unit_code(self) -> str: ...
    @property
    def counter(self) -> int | None: ...
    @property
    def received_at(self) -> datetime: ...


def code_of(key: bytes, idempotency_key: str) -> str:
    """`7H2K-90MA-XT4C-W3PD`: 80 bits, known to whoever sent the idempotency key."""
    return grouped(base32.encode(hmac.digest(key, idempotency_key.encode(), "sha256"), LENGTH))


def grouped(bare: str) -> str:
    """In groups of four, as people read it."""
    return "-".join(bare[i : i + 4] for i in range(0, len(bare), 4))


def normalise(typed: str) -> str | None:
    """The 16 characters of a receipt code, however it was typed; None if there cannot be one.

    What stands in groups of four is likelier one than another word of 16 letters.
    """
    found = [code for code in pasted.codes(typed) if _bare(code)]
    return _bare(min(found, key=lambda code: code[4::5] != "---")) if found else None


def _bare(code: str) -> str | None:
    bare = text.look_alike(code).translate(_NO_MARKS)
    return bare if len(bare) == LENGTH and set(bare) <= set(base32.ALPHABET) else None


def hash_of(bare: str) -> bytes:
    """What is stored of a receipt code (normalised): enough to find it, not to use it."""
    return sha256(bare.encode()).digest()


def content_of(draft: Draft, unit_code: str, counter: int | None) -> str:
    """What the citizen sent, as canonical JSON: sorted keys, no spaces, absent values null."""
    content = {
        "categories": draft.categories,
        "counter": counter,
        "kind": draft.kind,
        "language": draft.language,
        "officer_badge": draft.officer_badge,
        "phone": draft.phone,
        "satisfaction": draft.satisfaction,
        "unit_code": unit_code,
        "urgent": draft.urgent,
        "words": draft.words,
    }
    return _canonical(content)


def content_hash(bare: str, content: str) -> bytes:
    """The commitment to the content: HMAC-SHA256 under the normalised receipt code."""
    return hmac.digest(bare.encode(), content.encode(), "sha256")


def statement(facts: Facts) -> str:
    """The exact text that is signed; made again from the stored facts at any time."""
    return _canonical(
        {
            "content_hmac_sha256": facts.content_hash.hex(),
            "counter": facts.counter,
            "issuer": "mashang",
            "kind": facts.kind,
            "received_at": facts.received_at.isoformat(timespec="microseconds"),
            "receipt_sha256": facts.receipt_hash.hex(),
            "submission_id": str(facts.id),
            "unit_code": facts.unit_code,
            "version": 1,
        }
    )


@dataclass(frozen=True)
class Signer:
    """Signs statements with Ed25519; the public key's hash names it."""

    seed: bytes

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public_key(self) -> bytes:
        """The 32 bytes with which anybody checks a receipt."""
        return self._key.public_key().public_bytes_raw()

    @cached_property
    def key_id(self) -> str:
        """The first 16 hex digits of the public key's SHA-256."""
        return sha256(self.public_key).hexdigest()[:16]

    def sign(self, text: str) -> bytes:
        """64 bytes; the same text always gets the same signature."""
        return self._key.sign(text.encode())


def base64url(raw: bytes) -> str:
    """Without padding, as in JOSE."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _canonical(content: Mapping[str, object]) -> str:
    return orjson.dumps(content).decode()
