"""One-time codes: how they are made, hashed and judged."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.intake.follow.bodies import CODE
from services.intake.follow.store.contacts import PhoneCode
from shared.values.seal import Seal

LIFE = timedelta(minutes=10)
ATTEMPTS = 5
KEPT = timedelta(days=2)
Judged = Literal["right", "wrong", "dead"]


def make() -> str:
    """Six digits, each as likely as any other."""
    return f"{secrets.randbelow(10**CODE):0{CODE}}"


def hash_of(seal: Seal, code_id: UUID, code: str) -> str:
    """Keyed: six digits alone would be found by trying them all."""
    return seal.index(f"otp:{code_id}:{code}")


def judge(seal: Seal, asked: PhoneCode | None, typed: str, now: datetime) -> Judged:
    """What a typed code is good for; `dead` where another one must be asked for.

    One that was not sent is never right: nobody can know it, but somebody may guess it.
    """
    if asked is None or asked.used_at or now >= asked.expires_at or asked.attempts >= ATTEMPTS:
        return "dead"
    right = hmac.compare_digest(asked.code_hash, hash_of(seal, asked.id, typed))
    return "right" if right and asked.sent else "wrong"
