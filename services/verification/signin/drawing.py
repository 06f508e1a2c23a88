"""A secret as it is shown: as a code for a telephone's camera, and to be typed."""

import segno


def scanned(address: str) -> str:
    """An SVG."""
    drawn = segno.make(address, micro=False)
    return drawn.svg_inline(scale=4, border=4, light="#fff", svgclass=None, lineclass=None)


def grouped(secret: str) -> str:
    """In fours."""
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
