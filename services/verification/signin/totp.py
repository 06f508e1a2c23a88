"""The second factor: a code of a minute's half from an app (RFC 6238), or a recovery code."""

import hmac
import secrets
from datetime import datetime
from hashlib import sha256

import pyotp

from shared.values import text

_SECONDS = 30
# A telephone's clock may be this many steps early or late.
_DRIFT = 1
RECOVERY_CODES = 10
# Without the letters and digits that are read for each other.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LONG, _GROUP = 12, 4


def new_secret() -> str:
    """160 bits in base32, as the apps take them."""
    return pyotp.random_base32()


def address(secret: str, username: str, issuer: str) -> str:
    """What the app reads from the code on the screen."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def step(secret: str, typed: str, now: datetime, last: int) -> int | None:
    """The step that a code belongs to, if it is right and later than the last one used."""
    digits, right = text.keyword(typed).replace(" ", ""), pyotp.TOTP(secret)
    current = int(now.timestamp()) // _SECONDS
    for one in range(current - _DRIFT, current + _DRIFT + 1):
        code = right.at(one * _SECONDS)
        if one > last and hmac.compare_digest(code.encode(), digits.encode()):
            return one
    return None


def recovery_codes() -> list[str]:
    """Fresh ones."""
    return [new_code() for _ in range(RECOVERY_CODES)]


def new_code() -> str:
    """One that nobody can guess, in groups that can be written down."""
    return _grouped("".join(secrets.choice(_LETTERS) for _ in range(_LONG)))


def _grouped(code: str) -> str:
    return "-".join(code[n : n + _GROUP] for n in range(0, _LONG, _GROUP))


def hash_of(code: str) -> bytes:
    """What is stored of a recovery code, however it is typed; 58 random bits need no slow hash."""
    return sha256("".join(c for c in text.keyword(code).upper() if c.isalnum()).encode()).digest()
