"""Texts that a page borrows from another language, each told to be of that language.

A text may land in an element, where it can be marked, or in an attribute or a title, where it
cannot; only the finished page shows which.
"""

import re

from shared.web.texts import Texts

# Noncharacters: what people type has lost them at the door (shared/values/text).
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_BORROWED = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
# Tags with their attributes, and elements that hold nothing but text; `text` is of a drawing.
_PIECE = re.compile(r"<(title|textarea|option|text)\b.*?</\1>|<[^>]*>|[^<]+", re.S)


def told(words: Texts, key: str, text: str) -> str:
    """The text of a key, remembered to be borrowed if it is."""
    return f"{_OPEN}{text}{_CLOSE}" if words.borrows(key) else text


def marked(page: str, words: Texts) -> str:
    """The finished page, its borrowed texts in elements of their language."""
    home = words.home
    if home is None or _OPEN not in page:
        return page
    shown = rf'<span lang="{home.tag}" dir="{home.direction}">\1</span>'

    def piece(found: re.Match[str]) -> str:
        return _BORROWED.sub(r"\1" if found[0].startswith("<") else shown, found[0])

    return _PIECE.sub(piece, page)
