"""Single keys on the staff's pages: what they are called here, and which an operator has changed.

Pages are written with the usual ones; where somebody presses their own, a browser takes it for the
usual one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from shared.values import text

# What a key does, and which it usually is.
USUAL: Mapping[str, str] = {
    "down": "j", "up": "k", "tick": "x", "ticking": "J", "find": "/", "sheet": "?",
    "new": "r", "assign": "a", "together": "u", "merge": "m", "call": "c", "reveal": "p",
    "verdict": "v", "template": "t", "lead": "h", "extension": "e",
}  # fmt: skip
# Begins the keys that are two.
_GO = "g"


@dataclass(frozen=True)
class Keys:
    """Whether single keys do anything, and the own key in the place of a usual one."""

    single: bool = True
    own: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The key that does this."""
        return self.own.get(USUAL[name], USUAL[name])


# Of who has chosen none.
UNCHANGED = Keys()


def changed(typed: Mapping[str, str]) -> dict[str, str]:
    """Own keys by the usual ones, of what is typed for what they do; blank is the usual one."""
    return {USUAL[name]: key for name, key in typed.items() if key and key != USUAL[name]}


def faults(typed: Mapping[str, str]) -> Iterator[tuple[str, Literal["key", "key_twice"]]]:
    """What cannot be: no single key, a digit (which chooses), or one key for two things."""
    pressed = {name: typed.get(name) or usual for name, usual in USUAL.items()}
    often = Counter(pressed.values())
    for name, key in pressed.items():
        if (
            len(key) != 1
            or not key.isprintable()
            or key.isspace()
            or text.is_digits(key)
            or key == _GO
        ):
            yield name, "key"
        elif often[key] > 1 and typed.get(name):
            yield name, "key_twice"
