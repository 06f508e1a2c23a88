"""What commands and the demo ask of intake: the signed codes that hang at the windows."""

from collections.abc import Mapping

from services.intake.accept import codes


def code(
    keys: Mapping[str, bytes],
    unit_code: str,
    counter: int | None = None,
    *,
    kiosk: int | None = None,
    officer: str | None = None,
) -> str:
    """The code of a unit, or of one of its counters, kiosks or officers.

    ValueError if it could not be typed by hand.
    """
    return codes.sign(keys, unit_code, counter, kiosk=kiosk, officer=officer)


def page(
    base: str,
    keys: Mapping[str, bytes],
    unit_code: str,
    counter: int | None = None,
    *,
    kiosk: int | None = None,
    officer: str | None = None,
) -> str:
    """The address that the printed code leads to; a kiosk's page is one of its own."""
    signed = code(keys, unit_code, counter, kiosk=kiosk, officer=officer)
    return f"{base.rstrip('/')}/{'k' if kiosk else 'w'}/{signed}"
