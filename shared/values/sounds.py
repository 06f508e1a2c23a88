"""How Chinese characters sound: syllables without tones, for the characters of GB 2312."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("sounds.txt")


def of(character: str) -> frozenset[str]:
    """Its syllables; none for what the table does not have."""
    return _syllables().get(character, frozenset())


@cache
def _syllables() -> Mapping[str, frozenset[str]]:
    heard: dict[str, set[str]] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        syllable, characters = line.split(" ")
        for character in characters:
            heard.setdefault(character, set()).add(syllable)
    return {character: frozenset(all_) for character, all_ in heard.items()}
