"""How people write a badge or a name who do not have it before their eyes.

A badge comes with dashes, spaces, letters around it, without a zero, or as it is read out; a name
in other characters of the same sound, in traditional ones, or in Latin letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, product
from string import ascii_uppercase, digits

from shared.values import sounds, text

MOST_PIECES = 12
MOST_PARTS = 4
# Below this length one edit makes anything of anything.
SHORTEST_NEAR = 5
_ALPHABET = digits + ascii_uppercase
_NUMERALS = {
    "0": "〇零洞○", "1": "一壹幺", "2": "二贰貳两兩", "3": "三叁參", "4": "四肆", "5": "五伍",
    "6": "六陆陸", "7": "七柒拐", "8": "八捌", "9": "九玖勾",
}  # fmt: skip
_SPOKEN = str.maketrans({han: digit for digit, all_ in _NUMERALS.items() for han in all_})
_READ_OUT = re.compile(rf"(?:[{''.join(_NUMERALS.values())}][\W_]?){{4,}}")
# Letters and digits that stand together, with nothing but marks between; Chinese ends a run.
_PIECE = r"[^\W_\u2e80-\uffef]+"
_RUN = re.compile(rf"{_PIECE}(?:[\W_]{{1,3}}{_PIECE})*")
_PIECES = re.compile(_PIECE)


def runs(words: str) -> Iterator[list[str]]:
    """The pieces of letters and digits of a text, together where only marks stand between them."""
    plain = " ".join(text.identifier(word) for word in words.split())
    plain = _READ_OUT.sub(lambda found: found[0].translate(_SPOKEN), plain)
    for run in _RUN.finditer(plain):
        yield _PIECES.findall(run[0])


def joined(pieces: list[str], most: int) -> Iterator[str]:
    """Every few neighbouring pieces as one, up to `most` characters; each piece alone, too."""
    for first in range(len(pieces)):
        whole = ""
        for piece in pieces[first : first + MOST_PIECES]:
            whole += piece
            if len(whole) > most:
                break
            yield whole


def latin_names(pieces: list[str]) -> Iterator[str]:
    """What of a run could be a name in Latin letters."""
    letters = [bare(piece) for piece in pieces if not piece.isdecimal()]
    for first in range(len(letters)):
        for last in range(first + 1, min(first + MOST_PARTS, len(letters)) + 1):
            yield "".join(letters[first:last])


def bare(name: str) -> str:
    """Letters and digits of one case, without accents."""
    apart = unicodedata.normalize("NFKD", text.keyword(name))
    return "".join(c for c in apart if not unicodedata.combining(c))


def number(badge: str) -> str | None:
    """The number in a badge, if it is long enough to say something."""
    core = text.badge_core(badge)
    return core if len(core) >= SHORTEST_NEAR - 1 else None


@lru_cache(8192)
def near(badge: str) -> frozenset[str]:
    """What comes out with one character wrong, missing or too many, or two changed over."""
    if len(badge) < SHORTEST_NEAR:
        return frozenset()
    cuts = [(badge[:n], badge[n:]) for n in range(len(badge) + 1)]
    return frozenset(
        chain(
            (a + b[1:] for a, b in cuts if b),
            (a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
            (a + c + b[1:] for a, b in cuts if b for c in _ALPHABET),
            (a + c + b for a, b in cuts for c in _ALPHABET),
        )
    ) - {badge}


def without_zeros(badge: str) -> str:
    """The badge as somebody writes it who loses count of the zeros."""
    bare = badge.replace("0", "")
    return bare if len(bare) >= SHORTEST_NEAR - 2 else badge


@lru_cache(8192)
def latin(name: str) -> frozenset[str]:
    """How a Chinese name is written in Latin letters, family name first or last."""
    heard = [sounds.of(character) for character in name]
    if not all(heard):
        return frozenset()
    spelt = list(product(*heard))
    return frozenset("".join(s) for s in spelt) | {"".join((*s[1:], s[0])) for s in spelt}


def sounds_like(heard: str, name: str) -> bool:
    """Whether a word of the same length could be the name, by ear.

    In a name of two characters one may differ, or ordinary words would be names.
    """
    differ = [(a, b) for a, b in zip(heard, name, strict=True) if a != b]
    if len(differ) > max(1, len(name) - 1):
        return False
    return all(not sounds.of(a).isdisjoint(sounds.of(b)) for a, b in differ)
