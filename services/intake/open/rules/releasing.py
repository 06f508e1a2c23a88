"""When counted numbers become public: not while few people stand behind the difference.

Whoever keeps yesterday's download has two tables, and their difference is a third one. A kind of a
month is published anew when five of its submissions or more have changed; fewer wait for the
Monday after.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from services.intake.open.rules.hiding import FEWEST
from services.intake.open.rules.tables import (
    CALLS,
    KINDS,
    PACES,
    SAID,
    SOURCES,
    STATES,
    Numbers,
    Place,
)

SINGLE = ("verified_same_day", "extended", "same_day", "paid", "invited_drawn")
_COUNTED = (
    tuple(f"state_{state}" for state in STATES),
    tuple(f"pace_{pace}" for pace in PACES),
    (*(f"call_{call}" for call in CALLS), "call_none"),
    *(tuple(f"{about}_{said}" for said in SAID[:2]) for about in ("solved", "satisfied")),
    *((name,) for name in SINGLE),
    *(tuple(f"{source}_{said}" for said in SAID[:2]) for source in SOURCES),
)


def week_of(day: date) -> date:
    """Its Monday."""
    return day - timedelta(days=day.weekday())


def fresh(public: Numbers, counted: Numbers, *, weekly: bool) -> frozenset[str]:
    """The kinds of a month that are published anew."""
    least = 1 if weekly else FEWEST
    return frozenset(
        kind for kind in (*KINDS, "asked") if moved(_of(kind, public), _of(kind, counted)) >= least
    )


def renewed(public: Numbers, counted: Numbers, kinds: Collection[str]) -> dict[Place, int]:
    """A month's numbers with those of these kinds as they are counted now."""
    kept = {place: number for place, number in public.items() if place[0] not in kinds}
    return kept | {place: number for place, number in counted.items() if place[0] in kinds}


def _of(kind: str, numbers: Numbers) -> dict[str, int]:
    return {name: number for (own, name), number in numbers.items() if own == kind}


def moved(was: Mapping[str, int], now: Mapping[str, int]) -> int:
    """How many submissions have changed at least."""
    return max(_moved(group, was, now) for group in _COUNTED)


def _moved(group: tuple[str, ...], was: Mapping[str, int], now: Mapping[str, int]) -> int:
    steps = [now.get(name, 0) - was.get(name, 0) for name in group]
    return max(sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0))
