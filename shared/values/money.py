"""Money is integer fen (1/100 yuan) everywhere; yuan appear only in text."""

from decimal import Decimal, DecimalException
from typing import NewType

Fen = NewType("Fen", int)
MOST = 10**15


def yuan(fen: int) -> str:
    """`2000` → `"20.00"`."""
    return f"{Decimal(fen) / 100:.2f}"


def parse_yuan(text: str) -> Fen:
    """`"20"`, `"20.5"`, `"20.00"` → fen. ValueError if finer than a fen or not a number."""
    try:
        fen = Decimal(text) * 100
    except DecimalException:
        raise ValueError(f"not an amount in yuan: {text!r}") from None
    if not fen.is_finite() or abs(fen) > MOST or fen != fen.to_integral_value():
        raise ValueError(f"not a whole number of fen: {text[:20]!r}")
    return Fen(int(fen))
