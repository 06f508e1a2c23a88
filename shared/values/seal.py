"""Sealing of personal data at rest and in events, and the blind index for comparing.

A sealed value is `kid.base64url(nonce ‖ AES-256-GCM ciphertext)`. The context (for example
`phone:<submission id>`) is authenticated, so a sealed value moved to another row does not open.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class SealBroken(ValueError):
    """The value was made under another key or context, or was changed."""


@dataclass(frozen=True)
class Seal:
    """Keys by id; the first is used for sealing, all open. `index_key` makes the blind index."""

    keys: dict[str, bytes]
    index_key: bytes

    @cached_property
    def _ciphers(self) -> dict[str, AESGCM]:
        return {kid: AESGCM(key) for kid, key in self.keys.items()}

    def close(self, clear: str, context: str) -> str:
        """Seal `clear` under the current key."""
        kid, cipher = next(iter(self._ciphers.items()))
        nonce = os.urandom(_NONCE)
        sealed = cipher.encrypt(nonce, clear.encode(), context.encode())
        return f"{kid}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """The clear text. SealBroken when key, context or content do not match."""
        kid, _, payload = sealed.partition(".")
        if kid not in self.keys:
            raise SealBroken(f"no sealing key {kid!r}")
        try:
            raw = urlsafe_b64decode(payload)
            clear = self._ciphers[kid].decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken("sealed value does not open") from error
        return clear.decode()

    def index(self, clear: str) -> str:
        """A keyed hash, 32 hex digits: equal phones have equal indexes, and no more is told."""
        return hmac.new(self.index_key, clear.encode(), sha256).hexdigest()[:32]
