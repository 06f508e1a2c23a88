"""Two texts beside each other: which sentences stand in one of them only."""

import re

_SENTENCE = re.compile(r"[^。；！？.;!?\n]*[。；！？.;!?\n]?")


def marked(text: str, other: str) -> list[tuple[str, bool]]:
    """The sentences of a text, and whether the other text lacks each."""
    there = {one.strip() for one in _SENTENCE.findall(other)}
    return [(one, one.strip() not in there) for one in _SENTENCE.findall(text) if one]
