"""Texts that a page borrows from another language, each told to be of that language.

A text may land in an element, where it can be marked, in a title, which says it of itself, or in
an attribute, where it cannot; only the finished page shows which.
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
    of_home = f'lang="{home.tag}" dir="{home.direction}"'

    def piece(found: re.Match[str]) -> str:
        if not found[0].startswith("<"):
            return _BORROWED.sub(rf"<span {of_home}>\1</span>", found[0])
        own, held = _BORROWED.subn(r"\1", found[0])
        # What holds nothing but text says itself which language that is.
        return (
            own.replace(f"<{found[1]}", f"<{found[1]} {of_home}", 1) if held and found[1] else own
        )

    return _PIECE.sub(piece, page)
