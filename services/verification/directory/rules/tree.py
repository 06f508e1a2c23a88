"""The tree of places: parent pointers with named levels, the units below."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.verification.directory.rules.rows import PlaceRow, Row
from shared.access import Role
from shared.values.sheet import RowError


@dataclass(frozen=True)
class Place:
    """A place of the tree; only the root has no parent."""

    place_code: str
    name: str
    level: str
    parent_code: str | None
    version: int = 0


Places = Mapping[str, Place]


def path(places: Places, place_code: str) -> tuple[str, ...]:
    """The codes from the root down to and including a place."""
    return tuple(reversed([place.place_code for place in _upwards(places, place_code)]))


def _upwards(places: Places, place_code: str | None) -> Iterator[Place]:
    seen: set[str] = set()
    while place_code is not None and place_code in places and place_code not in seen:
        seen.add(place_code)
        yield places[place_code]
        place_code = places[place_code].parent_code


def _turns_round(places: Places, place: Place) -> bool:
    top = list(_upwards(places, place.place_code))[-1]
    return top.parent_code in places


def misplaced(role: Role, scope: str, places: Places) -> str | None:
    """The key of what is wrong with a role at this place of the tree, if anything."""
    place = places.get(scope)
    if role == "unit_operator" and place:
        return "csv.scope_not_unit"
    if role == "county_supervisor" and (place is None or place.parent_code is None):
        return "csv.scope_not_between"
    at_the_top = place is not None and place.parent_code is None
    if role in ("city_supervisor", "inspection") and not at_the_top:
        return "csv.scope_not_root"
    return None


def merged(places: Places, rows: Sequence[tuple[int, Row]]) -> dict[str, Place]:
    """The tree with the rows of a file in it, each of the version that is there."""
    found = dict(places)
    for _, row in rows:
        if isinstance(row, PlaceRow):
            version = places[row.code].version if row.code in places else 0
            found[row.code] = Place(row.code, row.name, row.level, row.parent, version)
    return found


def faults(
    rows: Sequence[tuple[int, Row]], places: Places, levels: Sequence[str]
) -> Iterator[RowError]:
    """What is wrong with the tree once these rows are in it; `levels` end with the units' own."""
    whole = merged(places, rows)
    own = [(line, whole[row.code]) for line, row in rows if isinstance(row, PlaceRow)]
    found = [error for line, place in own for error in _faults_of(line, place, whole, levels)]
    yield from found
    roots = [place.place_code for place in whole.values() if place.parent_code is None]
    if own and not found and len(roots) > 1:
        line, last = ([each for each in own if each[1].parent_code is None] or own)[-1]
        others = ", ".join(code for code in roots if code != last.place_code)
        yield RowError(line, "parent", "csv.second_root", {"others": others})


def _faults_of(line: int, place: Place, whole: Places, levels: Sequence[str]) -> Iterator[RowError]:
    above = whole.get(place.parent_code) if place.parent_code else None
    if place.level not in levels[:-1]:
        yield RowError(line, "level", "csv.level", {"levels": ", ".join(levels[:-1])})
    elif (place.level == levels[0]) != (place.parent_code is None):
        key = "csv.root_has_parent" if place.parent_code else "csv.parent_missing"
        yield RowError(line, "parent", key, {"level": levels[0]})
    elif place.parent_code and above is None:
        yield RowError(line, "parent", "csv.no_place", {"code": place.parent_code})
    elif _turns_round(whole, place):
        yield RowError(line, "parent", "csv.loop", {"code": place.place_code})
    else:
        yield from _misfits(line, place, above, whole, levels)


def _misfits(
    line: int, place: Place, above: Place | None, whole: Places, levels: Sequence[str]
) -> Iterator[RowError]:
    if above and not _is_above(above.level, place.level, levels):
        values = {"level": place.level, "above": above.level}
        yield RowError(line, "parent", "csv.level_order", values)
    for below in whole.values():
        if below.parent_code == place.place_code and not _is_above(
            place.level, below.level, levels
        ):
            values = {"level": below.level, "above": place.level}
            yield RowError(line, "level", "csv.level_order", values)


def _is_above(upper: str, lower: str, levels: Sequence[str]) -> bool:
    # A level that the policy names no more is judged where its own row stands.
    ranks = {level: rank for rank, level in enumerate(levels)}
    return upper not in ranks or lower not in ranks or ranks[upper] < ranks[lower]


def below(places: Places, units: Mapping[str, Sequence[str]], scope: str) -> frozenset[str]:
    """Every place and unit at or below one; `units` are the units' paths by code."""
    within = [code for code in places if scope in path(places, code)]
    return frozenset([*within, *(code for code, codes in units.items() if scope in codes)])
