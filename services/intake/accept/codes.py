"""The signed code on a window: `411700002-03-1X7GQ2M4KD9TB`, unit, counter, key id and signature.

It is printed once and hangs for years, so it carries the id of the key that signed it. A mistyped
or invented code does not verify and never opens a form (rule 1). A unit's id is opaque; what stands
behind it has fixed lengths, so a code is read from its end.
"""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from services.intake.accept import base32
from shared.values import pasted, text

COUNTERS = 99
# What a picture scanned in WeChat may carry.
LONGEST = 32
_SIGNATURE = 12
_TAIL = re.compile(
    rf"-?(?P<counter>[0-9]{{2}})-?(?P<kid>[{base32.ALPHABET}])"
    rf"-?(?P<signature>[{base32.ALPHABET}]{{{_SIGNATURE}}})"
)
_UNIT = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?")


class WrongCode(ValueError):
    """Not a code that one of our keys signed."""


@dataclass(frozen=True)
class UnitCode:
    """What a genuine code says; no counter means the whole unit. `code` is how it is printed."""

    unit_code: str
    counter: int | None
    code: str = field(default="", compare=False)


def sign(keys: dict[str, bytes], unit_code: str, counter: int | None = None) -> str:
    """The code of a unit or of one of its counters (1 to 99), under the first key.

    ValueError if the code would be longer than 32 characters or could not be read again.
    """
    kid, key = next(iter(keys.items()))
    body = f"{unit_code}-{counter or 0:02d}"
    code = f"{body}-{kid}{_signature(key, body, kid)}"
    if counter is not None and not 1 <= counter <= COUNTERS:
        raise ValueError(f"a counter is 1 to {COUNTERS}")
    if len(code) > LONGEST or not _UNIT.fullmatch(unit_code):
        raise ValueError("a unit code is 1 to 15 letters, digits, dots and dashes")
    if kid not in base32.ALPHABET or len(kid) != 1:
        raise ValueError("a key id is one of the digits and capitals without I, L, O, U")
    return code


def read(keys: dict[str, bytes], typed: str) -> UnitCode:
    """What a scanned, typed or pasted code says. WrongCode if no key of ours signed it."""
    for unit, tail in chain.from_iterable(map(_readings, pasted.codes(typed))):
        counter, kid, signature = tail["counter"], tail["kid"], tail["signature"]
        body = f"{unit}-{counter}"
        wanted = _signature(keys.get(kid, b""), body, kid)
        if kid in keys and hmac.compare_digest(wanted, signature):
            return UnitCode(unit, int(counter) or None, f"{body}-{kid}{signature}")
    raise WrongCode("not a code of ours")


def _readings(code: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The unit as typed, in capitals, in small letters, with look-alikes as digits; and the rest.

    Dashes may be missing before the counter, the key id and the signature.
    """
    for dashes in range(3, -1, -1):
        length = 2 + 1 + _SIGNATURE + dashes
        unit, tail = code[:-length], _TAIL.fullmatch(text.look_alike(code[-length:]))
        if unit and tail:
            spellings = (unit, unit.upper(), unit.lower(), text.look_alike(unit))
            yield from ((spelling, tail) for spelling in dict.fromkeys(spellings))


def _signature(key: bytes, body: str, kid: str) -> str:
    return base32.encode(hmac.digest(key, f"{body}-{kid}".encode(), "sha256"), _SIGNATURE)
