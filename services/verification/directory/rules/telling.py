"""What a change of the directory changed, field by field, as people are told of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One field; what it was, and what it is since."""

    field: str
    was: Any
    now: Any


def _of_unit(row: Row) -> Row:
    path = " › ".join(row["path"][:-1])
    return {**row, "parent": f"{row['parent']} {row['parent_code']}", "path": path}


def _of_officer(row: Row) -> Row:
    return {**row, "phone": row["phone_index"]}


_SHOWN: Mapping[str, tuple[tuple[str, ...], Callable[[Row], Row]]] = {
    "places": (("name", "level", "parent_code"), dict),
    "units": (("name", "parent", "path", "kind", "counters", "matters", "active"), _of_unit),
    "officers": (("name", "unit_code", "phone", "active"), _of_officer),
    "operators": (("name", "role", "scope", "badge", "active"), dict),
    "windows": (("name", "matters", "active"), dict),
}


def facts(kind: str, row: Row) -> dict[str, Any]:
    """What there is to tell of a thing, in the order in which it is told."""
    fields, shown = _SHOWN[kind]
    told = shown(row)
    return {field: told[field] for field in fields}


def differences(kind: str, was: Row, now: Row) -> list[Difference]:
    """The fields that are not the same; of a place above only its name, if that says it all."""
    before, after = facts(kind, was), facts(kind, now)
    found = [
        Difference(field, before[field], after[field])
        for field in after
        if before[field] != after[field]
    ]
    moved = any(one.field == "parent" for one in found)
    return [one for one in found if not (moved and one.field == "path")]
