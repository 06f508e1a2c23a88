"""Which verdicts are looked at again: a lottery that nobody can repeat until they like the outcome.

Each revision of a case draws one lot, a pure function of a secret of the installation. A case once
drawn stays drawn: after a return, or a change, the next revision only adds a chance.
"""

import hmac
from hashlib import sha256
from uuid import UUID


def is_drawn(secret: bytes, case_id: UUID, revision: int, percent: int) -> bool:
    """Whether this revision, or one before it, drew a lot for the second look."""
    return any(lot(secret, case_id, number) < percent for number in range(1, revision + 1))


def is_drawn_withdrawn(secret: bytes, case_id: UUID, percent: int) -> bool:
    """Whether a case that its citizen withdrew is looked at by the level above."""
    return lot(secret, case_id, "withdrawn") < percent


def lot(secret: bytes, case_id: UUID, drawn_for: int | str) -> int:
    """From 0 to 99, the same for ever."""
    digest = hmac.digest(secret, f"{case_id}/{drawn_for}".encode(), sha256)
    return int.from_bytes(digest[:8], "big") % 100
