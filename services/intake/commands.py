"""What commands and the demo ask of intake: the signed codes that hang at the windows."""

from collections.abc import Mapping

from services.intake.accept import codes


def code(keys: Mapping[str, bytes], unit_code: str, counter: int | None = None) -> str:
    """The code of a unit or of one of its counters. ValueError if it could not be typed by hand."""
    return codes.sign(dict(keys), unit_code, counter)


def page(base: str, keys: Mapping[str, bytes], unit_code: str, counter: int | None = None) -> str:
    """The address that the printed code leads to."""
    return f"{base.rstrip('/')}/w/{code(keys, unit_code, counter)}"
