"""Who may be meant by what a citizen wrote: by badge, by name, or by something close to either.

Better one too many than one too few: whoever is found keeps away until somebody above has said that
it is not about them.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from shared.values import spelling, text

How = Literal["badge", "badge_near", "name", "name_near", "duty"]
LONGEST_BADGE = 20
SHORTEST_NAME = 5
SHORTEST_NUMBER = 4
EXACT, SAME_NUMBER, NEAR = 3, 2, 1
# One character of a name and one of these, and a person of the unit is meant.
_TITLE = re.compile(
    "警官|民警|警察|辅警|警员|同志|所长|副所|队长|中队|大队|主任|科长|股长|局长|教导员|指导员|政委|"
    "内勤|户籍|大姐|师傅|经理|女士|先生|某|叫"
)
_CALLED = re.compile(r"[姓小老](\w)")
# Family names that make other words with what stands before or after them.
_NO_FAMILY = frozenset("时区师公车家人年板党组学吃票心姓百民户所副大小老安")
_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,}")
_MARKS = re.compile(r"[\W_]+")
_SHORT_BADGE = re.compile(r"(?:警号|工号|编号|胸牌|证号|badge|no)\W{0,3}([0-9A-Z]+)", re.I)


@dataclass(frozen=True)
class Person:
    """An officer (known by badge) or an operator (`@username`) who might be meant.

    `scope` is where an operator works on cases, None for everybody else; `of_unit` whether they
    belong to the unit itself, `inspects` whether to the city's inspection.
    """

    identity: str
    name: str
    badge: str | None = None
    scope: str | None = None
    of_unit: bool = True
    inspects: bool = False

    def ids(self, how: How) -> frozenset[str]:
        """By what they are recused: a badge that was written stays the badge's, whoever has it."""
        if how.startswith("badge") and self.badge:
            return frozenset({self.badge})
        return frozenset(filter(None, (self.identity, self.badge)))


@dataclass(frozen=True)
class Found:
    """Somebody who may be meant, and by what they were recognised."""

    person: Person
    how: How


class Run:
    """Letters and digits that stand together, as the badges that they could be."""

    def __init__(self, pieces: list[str]) -> None:
        self.plain = frozenset(map(_plain_badge, spelling.joined(pieces, LONGEST_BADGE + 4)))
        self.folded = frozenset(map(fold, self.plain))
        self.numbers = frozenset(filter(None, map(spelling.number, self.folded)))
        self.zeroless = frozenset(map(spelling.without_zeros, self.folded))

    def rank(self, badge: str) -> int:
        """How close it comes to a badge."""
        written, badge = _plain_badge(badge), fold(badge)
        if badge in self.folded:
            return EXACT
        number = spelling.number(badge)
        if number in self.numbers:
            return SAME_NUMBER
        near = spelling.near(badge) & self.folded or spelling.near(number or "") & self.numbers
        near = near or spelling.near(written) & self.plain
        lost = len(badge) >= spelling.SHORTEST_NEAR
        lost = lost and spelling.without_zeros(badge) in self.zeroless
        return NEAR if near or lost else 0


class Written:
    """What a citizen wrote, prepared for looking people up in it."""

    def __init__(self, words: str) -> None:
        pieces = list(spelling.runs(words))
        self.runs = [Run(run) for run in pieces]
        self.plain = text.keyword(words)
        self.latin = frozenset(name for run in pieces for name in spelling.latin_names(run))
        # However short, what stands after a word such as 警号 is a badge.
        self.short = frozenset(fold(found[1]) for found in _SHORT_BADGE.finditer(words))
        titles = [(found.start(), found.end()) for found in _TITLE.finditer(self.plain)]
        self.titled = {self.plain[max(0, n - k) : n] for n, _ in titles for k in (1, 2)} | {
            self.plain[n : n + 2] for _, n in titles
        }
        self.called = {found[1] for found in _CALLED.finditer(self.plain)}

    def windows(self, name: str) -> set[str]:
        """What stands where the name would, at every place where one of its characters does."""
        found = set()
        for place, character in enumerate(name):
            at = self.plain.find(character)
            while at >= 0:
                if at >= place:
                    found.add(self.plain[at - place : at - place + len(name)])
                at = self.plain.find(character, at + 1)
        return {window for window in found if len(window) == len(name)}


def fold(badge: str) -> str:
    """What badges are compared by here: look-alikes are the same."""
    return text.look_alike(text.badge(badge))


def _plain_badge(badge: str) -> str:
    return text.look_alike(_MARKS.sub("", text.identifier(badge)))


def find(words: str, people: Sequence[Person]) -> list[Found]:
    """Everybody who may be meant by these words."""
    return _find(Written(words), people)


def _find(written: Written, people: Sequence[Person]) -> list[Found]:
    by_badge = list(_by_badge(written, people))
    named = {found.person for found in by_badge}
    by_name = [Found(p, how) for p in people if (how := _named(written, p))]
    return by_badge + [found for found in by_name if found.person not in named]


def find_typed(typed: str, people: Sequence[Person]) -> tuple[list[Found], bool]:
    """Who may be meant by the field for the officer; and whether it says so of exactly one."""
    if not people:
        return [], False
    chosen = any(typed == person.badge for person in people)
    found = _find(_chosen(typed) if chosen else _typed(typed), people)
    sure = {f.person.badge or f.person.identity for f in found if not f.how.endswith("_near")}
    return found, len(sure) == 1 == len({f.person.badge for f in found})


def _typed(typed: str) -> Written:
    """Here even the shortest number is meant as a badge."""
    written = Written(typed)
    written.short |= {fold(typed)}
    return written


# Only what stands in the directory: what somebody typed themselves is not kept.
_chosen = lru_cache(8192)(_typed)


def _by_badge(written: Written, people: Sequence[Person]) -> Iterator[Found]:
    """In each run of letters and digits the closest count; near ones only where none is exact."""
    found: dict[Person, How] = {}
    for run in written.runs:
        ranks = [(_rank(run, written.short, p), p) for p in people if p.badge]
        best = max((rank for rank, _ in ranks), default=0)
        for rank, person in ranks:
            if rank and rank in (best, EXACT) and found.get(person) != "badge":
                found[person] = "badge_near" if rank == NEAR else "badge"
    yield from (Found(person, how) for person, how in found.items())


def _rank(run: Run, short: Collection[str], person: Person) -> int:
    badge = fold(person.badge or "")
    if badge.isdecimal() and len(badge) < SHORTEST_NUMBER:
        return EXACT if badge in short and badge in run.folded else 0
    return run.rank(person.badge or "")


def _named(written: Written, person: Person) -> How | None:
    name = _plain(person.name)
    if len(name) < 2:
        return None
    if not _CHINESE.fullmatch(name):
        return _named_latin(written, person.name)
    if name in written.plain:
        return "name"
    if any(_is_heard(window, name) for window in written.windows(name)):
        return "name_near"
    if written.latin and not written.latin.isdisjoint(spelling.latin(name)):
        return "name_near"
    return "name_near" if person.of_unit and _called(written, name) else None


@lru_cache(8192)
def _plain(name: str) -> str:
    return text.keyword(name)


def _is_heard(heard: str, name: str) -> bool:
    changed_over = len(name) > 2 and heard[0] == name[0] and sorted(heard) == sorted(name)
    return changed_over or spelling.sounds_like(heard, name)


def _called(written: Written, name: str) -> bool:
    """By family name and title (`张警官`, `姓张的`), or by part of the name and a title."""
    parts = {name[1:], name[:2], name[0] + name[-1]} if len(name) > 2 else set()
    if name[0] not in _NO_FAMILY:
        if name[0] in written.called:
            return True
        parts.add(name[0])
    return not written.titled.isdisjoint(parts)


def _named_latin(written: Written, name: str) -> How | None:
    parts = [spelling.bare(part) for part in name.split()]
    whole = {"".join(parts), "".join(reversed(parts))}
    if not written.latin.isdisjoint(whole):
        return "name"
    upper = {part.upper() for part in written.latin}
    near = any(spelling.near(w.upper()) & upper for w in whole if len(w) > SHORTEST_NAME)
    return "name_near" if near else None
