"""What a number's digits decide, after the idea of a vendor's own sandbox [D]."""

import re

NATURAL_SECONDS = 0.05
DELAY_SECONDS = {"1": 3.0, "2": 20.0, "3": 300.0}
MAINLAND = re.compile(r"1[3-9][0-9]{9}")


def ending(phone: str) -> str:
    """The last two digits, which choose the outcome."""
    return phone[-2:]


def settle_seconds(phone: str, scale: float) -> float:
    """How long the operator takes; the digit before the ending asks for 3 s, 20 s or 5 min."""
    return NATURAL_SECONDS + DELAY_SECONDS.get(phone[-3], 0.0) * scale


def national(phone: str, prefixes: tuple[str, ...]) -> str | None:
    """The 11 digits of a mainland mobile number written with one of the prefixes, else None."""
    for prefix in prefixes:
        rest = phone.removeprefix(prefix)
        if phone.startswith(prefix) and MAINLAND.fullmatch(rest):
            return rest
    return None
