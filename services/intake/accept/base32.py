"""Crockford's base 32: no I, L, O, U, so that a code survives being read aloud or copied."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


def encode(raw: bytes, length: int) -> str:
    """The first `length` characters (an even number), 5 bits each, of `raw`."""
    bits = int.from_bytes(raw) >> (8 * len(raw) - 5 * length)
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(5 * length - 10, -1, -10)])
