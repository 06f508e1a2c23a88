"""Whose number it is, without saying which: a hash that only this service can make."""

from uuid import UUID

from shared.values.seal import Seal, SealBroken


def hashed(seal: Seal, phone_sealed: str, about: UUID) -> str | None:
    """Of the number that is sealed for `phone:<about>`; None of what does not open.

    A job finds that out by itself, and holds the message.
    """
    try:
        return seal.index(seal.open(phone_sealed, f"phone:{about}"))
    except SealBroken:
        return None
