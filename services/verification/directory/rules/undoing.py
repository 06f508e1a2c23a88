"""Which changes of the directory can be taken back, and why the others cannot."""

from collections.abc import Mapping
from typing import Any, Literal

from services.verification.directory.rules import telling

Row = Mapping[str, Any]
# What may rest on a change: what was put below a place, a unit's cases, those of its further
# windows, verdicts about an officer.
Built = Literal["below", "cases", "windows", "verdicts"]
# What a unit is told by the places above it.
_FOLLOWS = frozenset({"parent", "path"})


def why_not(kind: str, was: Row | None, now: Row, newest: int) -> str | None:
    """The key of why a change stays, whatever came of it; None where that is to be looked at."""
    if now["version"] != newest:
        return "undo_changed_since"
    if was is None:
        return "undo_added"
    fields = {one.field for one in telling.differences(kind, was, now)}
    if not fields:
        return "undo_password"
    followed = kind == "units" and was["parent_code"] == now["parent_code"]
    return "undo_follows" if followed and fields <= _FOLLOWS else None


def built_on(kind: str, was: Row, now: Row) -> Built | None:
    """What to look for before a change is taken back: had there been any, it would not fit."""

    def differ(*names: str) -> bool:
        return any(was[name] != now[name] for name in names)

    if kind == "places" and differ("level", "parent_code"):
        return "below"
    if kind == "units" and differ("parent_code"):
        return "cases"
    if kind == "units" and now["counters"] > was["counters"]:
        return "windows"
    return "verdicts" if kind == "officers" and differ("unit_code") else None
