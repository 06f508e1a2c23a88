"""Whether a policy file can be used, and if not, where it is wrong and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.errors import Misconfigured
from shared.policy import file, lines
from shared.policy.editions import Policies, Policy
from shared.policy.kinds import MISTAKE
from shared.values import clock

_IN_WORDS = {"missing": "missing", "extra_forbidden": "unknown"}


@dataclass(frozen=True)
class Examined:
    """What a file holds: its editions, oldest first, and its mistakes, a line each.

    `first` is the oldest one's place in the file.
    """

    editions: Sequence[Policy]
    mistakes: Sequence[str]
    first: int = 0


def load(path: Path) -> Policies:
    """The policies that a service works by. Misconfigured says in one line why it cannot."""
    found = examine(path)
    if found.mistakes:
        first, *others = found.mistakes
        raise Misconfigured(first + (f" (and {len(others)} more)" if others else ""))
    begins, zone = found.editions[0].effective_from, found.editions[-1].zone
    if begins > clock.service_day(clock.now(), zone):
        told = "nothing is in force before; keep the edition that is, above it"
        line = _begins(file.read(path)[0], found.first)
        raise Misconfigured(f"{path}:{line}: policy of {begins}: effective_from: {told}")
    return Policies(found.editions)


def examine(path: Path) -> Examined:
    """Every mistake with file, line, edition, key. Misconfigured if it cannot be read at all."""
    text, contents = file.read(path)
    mistakes: list[str] = []
    found: list[tuple[Policy, int]] = []
    for number, content in enumerate(contents):
        try:
            found.append((Policy.model_validate(content), number))
        except ValidationError as error:
            name = file.name_of(content, number + 1)
            where = lines.Lines(text)
            told = sorted(_told(one, where, number) for one in error.errors())
            mistakes += [f"{path}:{line}: {name}: {what}" for line, what in told]
    found.sort(key=lambda one: one[0].effective_from)
    mistakes += [f"{path}:{_begins(text, number)}: {what}" for number, what in _overlaps(found)]
    return Examined([one for one, _ in found], mistakes, found[0][1] if found else 1)


def _overlaps(found: Sequence[tuple[Policy, int]]) -> Iterator[tuple[int, str]]:
    for (one, _), (other, number) in pairwise(found):
        if one.effective_from == other.effective_from:
            yield number, f"policy of {one.effective_from}: effective_from: stands twice"


def _begins(text: str, number: int) -> int:
    """The line on which an edition says from when it is in force."""
    return lines.Lines(text).of("policy", number, "effective_from")


def _told(error: Any, where: lines.Lines, number: int) -> tuple[int, str]:
    key = list(map(str, error["loc"]))
    if error["type"] == MISTAKE:
        key += error["ctx"]["key"].split(".")
    told = _IN_WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden" and (meant := _meant(key)):
        told += f"; did you mean {meant}?"
    return where.of("policy", number, *key), f"{'.'.join(key)}: {told}"


def _meant(key: Sequence[str]) -> str | None:
    """The key of the same section that looks most like one that is unknown."""
    section: Any = Policy
    for name in key[:-1]:
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            return None
        field = section.model_fields.get(name)
        section = field.annotation if field else None
    known = section.model_fields if hasattr(section, "model_fields") else ()
    return next(iter(get_close_matches(key[-1], known, 1)), None)
