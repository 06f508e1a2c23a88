"""What a number's digits decide, after the idea of a vendor's own sandbox [D]."""

import re

NATURAL_SECONDS = 0.05
DELAY_SECONDS = {"1": 3.0, "2": 20.0, "3": 300.0}
MAINLAND = re.compile(r"1[3-9][0-9]{9}")
# By the last two digits as well: no network has it; a network has it that its prefix does not tell.
NOBODYS, PORTED = "08", "09"
# The networks, each with the beginnings of its numbers; the first has all others.
NETWORKS = {
    "China Mobile": (),
    "China Unicom": ("130", "131", "132", "155", "156", "166", "175", "176", "185", "186", "196"),
    "China Telecom": ("133", "153", "173", "177", "180", "181", "189", "190", "191", "193", "199"),
}


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


def served(phone: str, prefixes: tuple[str, ...]) -> str | None:
    """The same of a number that a network has."""
    found = national(phone, prefixes)
    return None if found is None or ending(found) == NOBODYS else found


def block(phone: str) -> str:
    """The network to which the number's prefix was given."""
    return next((name for name in NETWORKS if phone[:3] in NETWORKS[name]), next(iter(NETWORKS)))


def network(phone: str) -> str:
    """Whose a number is now: its block's, or the next one's that it was ported to."""
    names = list(NETWORKS)
    return names[(names.index(block(phone)) + (ending(phone) == PORTED)) % len(names)]
