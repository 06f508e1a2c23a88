"""Who keeps away from a case: whoever may be meant, and the place at which they work on cases.

A case is kept from identities: badges, `@username`, `#place` (everybody who works there: so it goes
one level up), NAMELESS, the unit operators of whom nobody knows which officer they are, and
OUTSIDERS, everybody but the city's inspection and the auditors.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from zoneinfo import ZoneInfo

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.naming import Found, Person, find, find_typed
from services.verification.directory.rules.duties import When, day_of
from shared import access
from shared.values import text

NOBODY: frozenset[str] = frozenset()
INSPECTED = frozenset({access.OUTSIDERS})
_NO_PERSONS = {access.NAMELESS, access.OUTSIDERS}


@dataclass(frozen=True)
class Around:
    """The unit's place in the tree, and everybody who may be meant by a complaint about it.

    `known` counts the changes of these people: what was examined before is examined again.
    """

    path: tuple[str, ...]
    people: Sequence[Person]
    known: int = 0


@dataclass(frozen=True)
class Suspicion:
    """Who may be meant; `doubtful` if an officer is, and nobody can say which."""

    found: tuple[Found, ...] = ()
    doubtful: bool = False

    @property
    def persons(self) -> frozenset[str]:
        """By what the people are known."""
        return frozenset(own for one in self.found for own in one.person.ids(one.how))


def suspect(typed: str | None, words: str | None, around: Around) -> Suspicion:
    """Who may be meant by the field for the officer, and by the words."""
    found, sure = find_typed(typed, around.people) if typed else ([], True)
    said = find(words, around.people) if words else []
    meant = dict.fromkeys([*found, *said])
    alike = namesakes({one.person.identity for one in meant}, around.people)
    both = dict.fromkeys([*meant, *(Found(person, "name_near") for person in alike)])
    return Suspicion(tuple(both), doubtful=not sure)


def suspect_all(typed: Iterable[str], said: Iterable[str], around: Around) -> Suspicion:
    """The same for everything that was typed into such fields, and everything that was said."""
    each = [suspect(one, None, around) for one in typed]
    each += [suspect(None, one, around) for one in said]
    found = chain.from_iterable(one.found for one in each)
    return Suspicion(tuple(dict.fromkeys(found)), any(one.doubtful for one in each))


def when(case: Case, zone: ZoneInfo) -> When:
    """When the citizen was at the window: as they say, else as they wrote."""
    told = day_of(case.occurred_at or case.received_at, zone)
    only_the_day = case.occurred_at is not None and case.occurred_at == told.begins
    return replace(told, at=None) if only_the_day else told


def with_duty(suspicion: Suspicion, badges: Collection[str], around: Around) -> Suspicion:
    """Who stood at the window may be meant, too, whoever is named."""
    there = [person for person in around.people if person.badge in badges]
    gone = frozenset(badges) - {person.badge for person in there}
    there += [Person(badge, "", badge) for badge in sorted(gone)]
    there += namesakes({person.identity for person in there}, around.people)
    meant = [*suspicion.found, *(Found(person, "duty") for person in there)]
    return replace(suspicion, found=tuple(dict.fromkeys(meant)))


def namesakes(identities: Collection[str], people: Sequence[Person]) -> list[Person]:
    """Operators without a badge who are called like one of these: perhaps their other account."""
    names = {text.keyword(one.name) for one in people if one.identity in identities}
    return [one for one in people if not one.badge and text.keyword(one.name) in names]


def kept_from(persons: Collection[str], doubtful: bool, around: Around) -> frozenset[str]:
    """From whom a case is kept that may be about these.

    One level above the highest place at which one of them works, or above the unit when in doubt;
    at the top of the tree from themselves alone, so that another person there has it.
    """
    if not persons and not doubtful:
        return NOBODY
    upwards = around.path[::-1]
    works = [n for n, place in enumerate(upwards, 1) if _works_at(place, persons, around.people)]
    higher = min(max([*works, int(doubtful)]), len(upwards) - 1)
    return frozenset({*persons, access.NAMELESS, *(f"#{place}" for place in upwards[:higher])})


def _works_at(place: str, persons: Collection[str], people: Iterable[Person]) -> bool:
    return any(p.scope == place and not p.ids("name").isdisjoint(persons) for p in people)


def persons_in(recused: Iterable[str]) -> frozenset[str]:
    """The people among those from whom a case is kept."""
    return frozenset(own for own in recused if own not in _NO_PERSONS and own[0] != "#")


def examined(
    recused: Collection[str], cleared: Collection[str], now: Suspicion, around: Around
) -> frozenset[str]:
    """From whom to keep a case after looking at it (again): never from fewer than before.

    What somebody above has cleared stays cleared, whatever the same words suggest.
    """
    persons = persons_in(recused) | (now.persons - frozenset(cleared))
    unit = f"#{around.path[-1]}"
    doubtful = now.doubtful and unit not in cleared
    return frozenset(recused) | kept_from(persons, doubtful, around)


def released(recused: Collection[str], stay: Collection[str], around: Around) -> frozenset[str]:
    """From whom to keep it once somebody above has said that it is about none but `stay`.

    What is the inspection's stays theirs.
    """
    kept = kept_from(persons_in(recused) & frozenset(stay), False, around)
    return kept | (INSPECTED & frozenset(recused))


def somebody_left(recused: Collection[str], around: Around) -> bool:
    """Whether anybody may still work on a case that is kept from these."""
    kept = frozenset(recused)
    sight = [person for person in around.people if person.inspects == (kept >= INSPECTED)]
    return any(
        person.scope and kept.isdisjoint((*person.ids("name"), f"#{person.scope}"))
        for person in sight
    )
