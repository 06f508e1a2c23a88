"""On which line of a policy file a key stands.

TOML's own reader says where a statement ends, so nothing here guesses at its syntax.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


class Lines:
    """The lines of a file's keys; list items are named by their number, from 0."""

    def __init__(self, text: str) -> None:
        self._found: dict[Path, int] = {}
        self._items: Counter[Path] = Counter()
        above: Path = ()
        for line, statement in _statements(text):
            if statement.lstrip().startswith("["):
                above = self._header(line, statement)
            else:
                self._value(line, statement, above)

    def of(self, *key: str | int) -> int:
        """The line of a key; where it is missing, of the section in which it should stand."""
        path = tuple(map(str, key))
        while path and path not in self._found:
            path = path[:-1]
        return self._found.get(path, 1)

    def _header(self, line: int, statement: str) -> Path:
        path: Path = ()
        content: Any = tomllib.loads(statement)
        many = statement.lstrip().startswith("[[")
        while content:
            ((name, content),) = content.items()
            path = (*path, name)
            if isinstance(content, list):
                content = content[0]
            last = not content
            self._found.setdefault(path, line)
            if last and many:
                self._items[path] += 1
            if self._items[path]:
                path = (*path, str(self._items[path] - 1))
        self._found.setdefault(path, line)
        return path

    def _value(self, line: int, statement: str, above: Path) -> None:
        content: Any = tomllib.loads(statement)
        path = above
        while isinstance(content, Mapping) and len(content) == 1:
            ((name, content),) = content.items()
            path = (*path, name)
            self._found.setdefault(path, line)
        if isinstance(content, list):
            for place, at in enumerate(_items(statement)):
                self._found[*path, str(place)] = line + at


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each with the number of its first line, without comments and empty lines between them."""
    begun, first = "", 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not begun:
            first = number
        begun += line + "\n"
        content = _parsed(begun)
        if content is None:
            continue
        if content:
            yield first, begun
        begun = ""


def _items(statement: str) -> Iterator[int]:
    """For each item of a list, how many lines below the statement's first it ends."""
    lines, known = statement.split("\n"), 0
    for at in range(len(lines)):
        begun = "\n".join(lines[: at + 1])
        content = _parsed(begun) or _parsed(begun + "\n]")
        while isinstance(content, dict):
            content = next(iter(content.values()), None)
        for _ in range(len(content or ()) - known):
            yield at
            known += 1


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
