"""Figures beside a link, as they stand on a page."""

from shared.events import Language
from shared.values.counting import MOST
from shared.web.texts import text


def counted(number: int, language: Language) -> str:
    """Of a count that ended at MOST."""
    return str(number) if number < MOST else text(language, "and_more", n=MOST - 1)
