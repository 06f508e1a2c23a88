"""Signed notes (C2SP signed-note) with Ed25519: a text, and lines that say who signed it.

A key's name and id stand in each such line, so that keys and algorithms can follow one another.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
ID = 4
SIGNATURE = 64
DASH = "\u2014"


def base64(raw: bytes) -> str:
    """RFC 4648, section 4, with padding."""
    return b2a_base64(raw, newline=False).decode()


def unbase64(text: str) -> bytes:
    """The bytes. ValueError for anything that `base64` would not write."""
    try:
        raw = a2b_base64(text, strict_mode=True)
    except Error as error:
        raise ValueError(str(error)) from None
    if base64(raw) != text:
        raise ValueError("not as it would be written")
    return raw


@dataclass(frozen=True)
class PublicKey:
    """A public key by its name; `NAME+ID+KEY` is how others are told of it."""

    name: str
    raw: bytes

    @cached_property
    def id(self) -> bytes:
        """Four bytes that follow from name, algorithm and key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:ID]

    @cached_property
    def key_id(self) -> str:
        """The id, as it is stored and shown."""
        return self.id.hex()

    @cached_property
    def old_id(self) -> str:
        """What receipts of the first format call it by."""
        return sha256(self.raw).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id}+{base64(ED25519 + self.raw)}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """From how it was told. ValueError if it is none, or its id is another's."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = unbase64(encoded)
        key = cls(name, raw[1:])
        if not named(name) or raw[:1] != ED25519 or len(raw) != 33 or key.key_id != key_id:
            raise ValueError("not a key that checks notes")
        return key

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether it is this key's signature under the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def keys_in(text: str) -> list[PublicKey]:
    """Public keys, a line each; ValueError's argument is the first line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(PublicKey.parse(line.strip()))
        except ValueError:
            raise ValueError(number) from None
    return found


def named(name: str) -> bool:
    """Whether a key may be called so: no spaces, no plus."""
    return bool(name) and name.isprintable() and not set(" +") & set(name)


@dataclass(frozen=True)
class Signer:
    """Signs texts under a name."""

    name: str
    seed: bytes

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def public(self) -> PublicKey:
        """With which anybody checks."""
        return PublicKey(self.name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """64 bytes; the same text always gets the same signature."""
        return self._key.sign(text.encode())


def note(text: str, key: PublicKey, signature: bytes) -> str:
    """The text, which ends a line, under its signature."""
    return f"{text}\n{DASH} {key.name} {base64(key.id + signature)}\n"


@dataclass(frozen=True)
class Signature:
    """One of a note's lines: whose, and what. Not checked yet."""

    name: str
    key_id: str
    raw: bytes

    @classmethod
    def parse(cls, line: str) -> Signature:
        """ValueError if it is no such line."""
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = unbase64(encoded)
        if dash != DASH or not named(name) or len(raw) <= ID:
            raise ValueError("not a signature line")
        return cls(name, raw[:ID].hex(), raw[ID:])


def by_known(
    signatures: Iterable[Signature], keys: Iterable[PublicKey]
) -> list[tuple[PublicKey, bytes]]:
    """Those that one of these keys should have made, each with it. Unknown ones count for nothing.

    Not checked yet: `PublicKey.signed` does.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found = ((known.get((one.name, one.key_id)), one.raw) for one in signatures)
    return [(key, raw) for key, raw in found if key]
