"""The signed code on a window: `411700002-03-1X7GQ2M4KD9TB`, unit, place, key id and signature.

The place is a counter (`03`), the whole unit (`00`), a kiosk of it (`K1`) or an officer of it: `P6`
says that the six characters before are the officer's badge; `V0`, that the ten before number an
invitation, which one person uses once. A code is printed once and hangs for years, so it carries
the id of the key that signed it. A mistyped or invented code does not verify and never opens a form
(rule 1). A unit's id is opaque; what stands behind it has fixed lengths, so a code is read from its
end.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from services.intake.accept import base32
from shared.values import pasted, text

COUNTERS = 99
KIOSKS = 9
# What a picture scanned in WeChat may carry.
LONGEST = 32
_SIGNATURE = 12
_BADGE_LENGTHS = "123456789ABCDE"
_TAIL = re.compile(
    rf"-?(?P<place>[0-9]{{2}}|K[1-9]|P[{_BADGE_LENGTHS}]|V0)-?(?P<kid>[{base32.ALPHABET}])"
    rf"-?(?P<signature>[{base32.ALPHABET}]{{{_SIGNATURE}}})"
)
_UNIT = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?")


_BADGE = re.compile(r"[0-9A-Z]+")
_INVITED = 10
_NONE: Mapping[str, bytes] = {}


class WrongCode(ValueError):
    """Not a code that one of our keys signed."""


class OldCode(WrongCode):
    """A genuine code of ours whose key was retired: the window has another one by now."""


@dataclass(frozen=True)
class UnitCode:
    """What a genuine code says; no counter means the whole unit. `code` is how it is printed.

    `kiosk` numbers the tablet on which it is opened, `officer` is whose service it is about,
    `invitation` the number of one that a draw sent out.
    """

    unit_code: str
    counter: int | None = None
    code: str = field(default="", compare=False)
    kiosk: int | None = None
    officer: str | None = None
    invitation: str | None = None


def invite(keys: Mapping[str, bytes], unit_code: str, number: int) -> str:
    """The code of an invitation; too long for a picture in WeChat, and meant for a link."""
    kid, key = next(iter(keys.items()))
    body = f"{unit_code}{number:0{_INVITED}d}-V0"
    return f"{body}-{kid}{_signature(key, body, kid)}"


def sign(
    keys: Mapping[str, bytes],
    unit_code: str,
    counter: int | None = None,
    *,
    kiosk: int | None = None,
    officer: str | None = None,
) -> str:
    """The code of a unit, or of a counter (1 to 99), kiosk (1 to 9) or officer, by the first key.

    ValueError if the code would be longer than 32 characters or could not be read again.
    """
    kid, key = next(iter(keys.items()))
    badge = text.badge(officer) if officer else ""
    body = f"{unit_code}{badge}-{_place(counter, kiosk, badge)}"
    code = f"{body}-{kid}{_signature(key, body, kid)}"
    if len(code) > LONGEST and badge:
        raise ValueError(f"unit and badge are {len(unit_code + badge)} characters, and 15 fit")
    if len(code) > LONGEST or not _UNIT.fullmatch(unit_code):
        raise ValueError("a unit code is 1 to 15 letters, digits, dots and dashes")
    if kid not in base32.ALPHABET or len(kid) != 1:
        raise ValueError("a key id is one of the digits and capitals without I, L, O, U")
    return code


def _place(counter: int | None, kiosk: int | None, badge: str) -> str:
    if counter is not None and not 1 <= counter <= COUNTERS:
        raise ValueError(f"a counter is 1 to {COUNTERS}")
    if kiosk is not None and not 1 <= kiosk <= KIOSKS:
        raise ValueError(f"a kiosk is 1 to {KIOSKS}")
    if sum((counter is not None, kiosk is not None, bool(badge))) > 1:
        raise ValueError("a code is a counter's, a kiosk's or an officer's")
    if badge and not (_BADGE.fullmatch(badge) and len(badge) <= len(_BADGE_LENGTHS)):
        raise ValueError(f"a badge is 1 to {len(_BADGE_LENGTHS)} letters and digits")
    if badge:
        return f"P{_BADGE_LENGTHS[len(badge) - 1]}"
    return f"K{kiosk}" if kiosk else f"{counter or 0:02d}"


def read(keys: Mapping[str, bytes], typed: str, retired: Mapping[str, bytes] = _NONE) -> UnitCode:
    """What a scanned, typed or pasted code says.

    WrongCode if no key of ours signed it, OldCode if a retired one did.
    """
    if found := _read(keys, typed):
        return found
    if retired and _read(retired, typed):
        raise OldCode("its key was retired")
    raise WrongCode("not a code of ours")


def _read(keys: Mapping[str, bytes], typed: str) -> UnitCode | None:
    for unit, tail in chain.from_iterable(map(_readings, pasted.codes(typed))):
        place, kid, signature = tail["place"], tail["kid"], tail["signature"]
        body = f"{unit}-{place}"
        wanted = _signature(keys.get(kid, b""), body, kid)
        if kid in keys and hmac.compare_digest(wanted, signature):
            return _told(unit, place, f"{body}-{kid}{signature}")
    return None


def _told(unit: str, place: str, code: str) -> UnitCode:
    if place[0] == "K":
        return UnitCode(unit, code=code, kiosk=int(place[1]))
    if place[0] == "V":
        return UnitCode(unit[:-_INVITED], code=code, invitation=unit[-_INVITED:])
    if place[0] == "P":
        length = _BADGE_LENGTHS.index(place[1]) + 1
        return UnitCode(unit[:-length], code=code, officer=unit[-length:])
    return UnitCode(unit, int(place) or None, code)


def _readings(code: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The unit as typed, in capitals, in small letters, with look-alikes as digits; and the rest.

    Dashes may be missing before the place, the key id and the signature.
    """
    for dashes in range(3, -1, -1):
        length = 2 + 1 + _SIGNATURE + dashes
        unit, tail = code[:-length], _TAIL.fullmatch(text.look_alike(code[-length:]))
        if unit and tail:
            spellings = (unit, unit.upper(), unit.lower(), text.look_alike(unit))
            yield from ((spelling, tail) for spelling in dict.fromkeys(spellings))


def _signature(key: bytes, body: str, kid: str) -> str:
    return base32.encode(hmac.digest(key, f"{body}-{kid}".encode(), "sha256"), _SIGNATURE)
