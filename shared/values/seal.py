"""Sealing of personal data at rest and in events, and the blind index for comparing.

A sealed value is `kid.base64url(nonce ‖ AES-256-GCM ciphertext)`, a sealed file the same without
base64. The context (for example `phone:<submission id>`) is authenticated, so a sealed value moved
to another row does not open.
Its first word also chooses the key: there is one ring of keys a purpose, and a service is given
only the rings of what it must open or close.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Purpose = Literal["phone", "words", "answer", "note", "photo"]
PURPOSES: Mapping[str, Purpose] = {
    "phone": "phone",
    "words": "words",
    "answer": "answer",
    "note": "note",
    "finding": "note",
    "factor": "note",
    "code": "phone",
    "seed": "note",
    "photo": "photo",
}
_NONCE = 12


class SealBroken(ValueError):
    """The value was made under another key or context, was changed, or is none of our business."""


@dataclass(frozen=True)
class Seal:
    """Rings of keys by id for each purpose; a ring's first key is used for sealing, all open.

    `index_key` makes the blind index. SealBroken for a purpose (or an index) that has no key here.
    """

    rings: Mapping[Purpose, Mapping[str, bytes]] = field(repr=False)
    index_key: bytes | None = field(default=None, repr=False)

    @cached_property
    def _ciphers(self) -> dict[Purpose, dict[str, AESGCM]]:
        return {
            purpose: {kid: AESGCM(key) for kid, key in ring.items()}
            for purpose, ring in self.rings.items()
        }

    def _ring(self, context: str) -> dict[str, AESGCM]:
        word, _, _ = context.partition(":")
        purpose = PURPOSES.get(word)
        if purpose is None or purpose not in self._ciphers:
            raise SealBroken(f"this service has no sealing key for {purpose or 'that context'}")
        return self._ciphers[purpose]

    def close(self, clear: str, context: str) -> str:
        """Seal `clear` under the purpose's current key."""
        kid, sealed = self._close(clear.encode(), context)
        return f"{kid}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """The clear text. SealBroken when key, context or content do not match."""
        kid, _, payload = sealed.partition(".")
        try:
            raw = urlsafe_b64decode(payload)
        except ValueError as error:
            raise SealBroken("sealed value does not open") from error
        return self._open(kid, raw, context).decode()

    def opened(self, sealed: str | None, context: str) -> str | None:
        """The same of what may not be there; nothing of nothing."""
        return self.open(sealed, context) if sealed else None

    def close_file(self, clear: bytes, context: str) -> bytes:
        """Seal the content of a file."""
        kid, sealed = self._close(clear, context)
        return kid.encode() + b"." + sealed

    def open_file(self, sealed: bytes, context: str) -> bytes:
        """The clear content. SealBroken when key, context or content do not match."""
        kid, _, raw = sealed.partition(b".")
        return self._open(kid.decode("ascii", "replace"), raw, context)

    def _close(self, clear: bytes, context: str) -> tuple[str, bytes]:
        kid, cipher = next(iter(self._ring(context).items()))
        nonce = os.urandom(_NONCE)
        return kid, nonce + cipher.encrypt(nonce, clear, context.encode())

    def _open(self, kid: str, raw: bytes, context: str) -> bytes:
        ring = self._ring(context)
        if kid not in ring:
            raise SealBroken(f"no sealing key {kid!r}")
        try:
            return ring[kid].decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken("sealed value does not open") from error

    def mark(self, clear: str, purpose: Purpose) -> str:
        """A keyed hash of a service's own, under the purpose's current key, 32 hex digits.

        Whoever has not that ring cannot make it; after a change of keys it is another one.
        """
        if not (ring := self.rings.get(purpose)):
            raise SealBroken(f"this service has no sealing key for {purpose}")
        own = hmac.new(next(iter(ring.values())), b"mark", sha256).digest()
        return hmac.new(own, clear.encode(), sha256).hexdigest()[:32]

    def index(self, clear: str) -> str:
        """A keyed hash, 32 hex digits: equal phones have equal indexes, and no more is told."""
        if self.index_key is None:
            raise SealBroken("this service has no key for the blind index")
        return hmac.new(self.index_key, clear.encode(), sha256).hexdigest()[:32]
