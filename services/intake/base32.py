"""Crockford's base 32: no I, L, O, U, so that a code survives being read aloud or copied."""

from base64 import b32encode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET)
_FORGIVE = str.maketrans("OIL", "011")


def encode(raw: bytes, length: int) -> str:
    """The first `length` characters, 5 bits each, of `raw`."""
    return b32encode(raw).decode().translate(_TO_CROCKFORD)[:length]


def forgive(typed: str) -> str:
    """Upper case, with the letters that look like digits read as digits."""
    return typed.upper().translate(_FORGIVE)
