"""Phone numbers: E.164 inside, masked on screen, never in logs."""

import phonenumbers


def parse(text: str, region: str = "CN") -> str:
    """Whatever a person typed → E.164. ValueError (with nothing of the number in it) if invalid."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ValueError("not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a valid phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask(e164: str) -> str:
    """`+8613812345678` → `138****5678`; foreign numbers keep the country code and the last two."""
    if e164.startswith("+86") and len(e164) == 14:
        return f"{e164[3:6]}****{e164[-4:]}"
    return f"{e164[:3]}****{e164[-2:]}"
