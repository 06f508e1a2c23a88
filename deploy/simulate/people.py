"""Who works in the city: the demo's directory, or a part of it, and staff for all of it."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.access import Operator, Role

DIRECTORY = Path(__file__).parents[1] / "demo"
FILES = ("places.csv", "units.csv", "officers.csv", "operators.csv")
TOP: Sequence[tuple[str, str, Role]] = (
    ("city1", "方兴宇", "city_supervisor"),
    ("city2", "傅俊强", "city_supervisor"),
    ("inspector1", "纪远山", "inspection"),
    ("inspector2", "庞秋明", "inspection"),
    ("approver1", "金文宇", "reward_approver"),
    ("approver2", "易学强", "reward_approver"),
    ("leader", "何振东", "leadership"),
)
Row = dict[str, str]


@dataclass(frozen=True)
class Unit:
    """A window unit; its operator is its first officer."""

    code: str
    counters: int
    badges: tuple[str, ...]
    operator: Operator
    county: Operator | None


@dataclass(frozen=True)
class People:
    """Everybody; `files` are what is imported, `phones` those of officers, `duty` those of places.

    `paths` are the places of each unit, from itself to the root.
    """

    units: Sequence[Unit]
    top: Mapping[str, Operator]
    files: Mapping[str, bytes]
    phones: frozenset[str]
    duty: Row
    paths: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, Row]

    def above(self, unit: Unit) -> list[Operator]:
        """Who is above a unit, the nearest first; who may not see a case leaves it to the next."""
        names = ("city1", "city2", "inspector1", "inspector2")
        county = [unit.county] if unit.county else []
        return [*county, *(self.top[name] for name in names)]

    def moved(self, badge: str, unit: str) -> bytes:
        """The file that moves an officer."""
        return _csv([self.rows[badge] | {"unit_code": unit}])


def people(units: int, levels: Sequence[str]) -> People:
    """So many units, taken evenly from all counties; `levels` are the policy's, the units' last.

    A policy with only two has no counties; of one with more, the lower ones are left out.
    """
    places, found, officers = (_read(name) for name in FILES[:3])
    root = next(row["code"] for row in places if not row["parent"])
    most = None if len(levels) > 2 else 1
    places = [row | {"level": levels[bool(row["parent"])]} for row in places[:most]]
    known = {row["code"] for row in places}
    found = [row if row["parent"] in known else row | {"parent": root} for row in found]
    chosen = [found[n * len(found) // units] for n in range(min(units, len(found)))]
    codes = {row["code"] for row in chosen}
    staff = [row for row in officers if row["unit_code"] in codes]
    badges: dict[str, list[str]] = defaultdict(list)
    names = {row["badge"]: row["name"] for row in staff}
    for row in staff:
        badges[row["unit_code"]].append(row["badge"])
    counties = {
        row["code"]: Operator(f"county{row['code']}", f"督察{n}", "county_supervisor", row["code"])
        for n, row in enumerate(places)
        if row["parent"] == root
    }
    top = {own: Operator(own, name, role, root) for own, name, role in TOP}
    desks = [_unit(row, badges[row["code"]], names, counties) for row in chosen]
    operators = [*top.values(), *counties.values(), *(unit.operator for unit in desks)]
    files = {
        "places.csv": _csv(places),
        "units.csv": _csv(chosen),
        "officers.csv": _csv(staff),
        "operators.csv": _csv([_operator(one) for one in operators]),
    }
    phones = frozenset(row["phone"] for row in staff if row["phone"])
    duty = {row["place"]: row["phone"] for row in _read("duty_phones.csv") if row["place"] in known}
    paths = {row["code"]: tuple(dict.fromkeys((row["code"], row["parent"], root)))
             for row in chosen}  # fmt: skip
    return People(desks, top, files, phones, duty, paths, {row["badge"]: row for row in staff})


def _unit(
    row: Row, badges: Sequence[str], names: Mapping[str, str], counties: Mapping[str, Operator]
) -> Unit:
    own, code = badges[0], row["code"]
    operator = Operator(f"desk{code}", names[own], "unit_operator", code, own)
    county = counties.get(row["parent"])
    return Unit(code, int(row["counters"]), tuple(badges), operator, county)


def _operator(one: Operator) -> Row:
    named = ("username", "name", "role", "scope", "badge")
    return {name: getattr(one, name) or "" for name in named}


def _read(name: str) -> list[Row]:
    text = (DIRECTORY / name).read_text("utf-8")
    return [dict(row) for row in csv.DictReader(text.splitlines())]


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    lines: Iterable[str] = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines).encode()
