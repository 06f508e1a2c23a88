"""The signed code on a window: `411700002-03-1X7GQ2M4KD9TB`, unit, counter, key id and signature.

It is printed once and hangs for years, so it carries the id of the key that signed it. A mistyped
or invented code does not verify and never opens a form (rule 1).
"""

import hmac
import re
from dataclasses import dataclass

from services.intake.accept import base32

COUNTERS = 99
_SIGNATURE = 12
_FORM = re.compile(
    rf"(?P<unit>[{base32.ALPHABET}]{{1,20}})-(?P<counter>[0-9]{{2}})"
    rf"-(?P<kid>[{base32.ALPHABET}])(?P<signature>[{base32.ALPHABET}]{{{_SIGNATURE}}})"
)


class WrongCode(ValueError):
    """Not a code that one of our keys signed."""


@dataclass(frozen=True)
class UnitCode:
    """What a genuine code says; no counter means the whole unit."""

    unit_code: str
    counter: int | None


def sign(keys: dict[str, bytes], unit_code: str, counter: int | None = None) -> str:
    """The code of a unit or of one of its counters (1 to 99), under the first key.

    ValueError if the unit's code would not survive being typed by hand, or the key id is not one
    character.
    """
    kid, key = next(iter(keys.items()))
    body = f"{unit_code}-{counter or 0:02d}"
    code = f"{body}-{kid}{_signature(key, body, kid)}"
    if counter is not None and not 1 <= counter <= COUNTERS:
        raise ValueError(f"a counter is 1 to {COUNTERS}")
    if base32.forgive(code) != code or not _FORM.fullmatch(code):
        raise ValueError("a unit code and a key id are digits and capitals without I, L, O, U")
    return code


def read(keys: dict[str, bytes], code: str) -> UnitCode:
    """What a scanned or typed code says. WrongCode if no key of ours signed it."""
    match = _FORM.fullmatch(base32.forgive(code.strip()))
    key = keys.get(match["kid"]) if match else None
    if not match or not key:
        raise WrongCode("not a code of ours")
    wanted = _signature(key, f"{match['unit']}-{match['counter']}", match["kid"])
    if not hmac.compare_digest(wanted, match["signature"]):
        raise WrongCode("the code's signature does not match")
    return UnitCode(match["unit"], int(match["counter"]) or None)


def _signature(key: bytes, body: str, kid: str) -> str:
    return base32.encode(hmac.digest(key, f"{body}-{kid}".encode(), "sha256"), _SIGNATURE)
