"""A thing of the directory as the row of a file that would make it."""

from collections.abc import Mapping
from typing import Any

from services.verification.directory.rules.kinds import Kind
from shared.events import Language

# Where a thing calls a column otherwise.
_NAMES: Mapping[tuple[str, str], str] = {
    ("places", "code"): "place_code", ("places", "parent"): "parent_code",
    ("units", "code"): "unit_code", ("units", "parent"): "parent_code",
}  # fmt: skip
# Phones are known only by their index.
_KEPT_BACK = ("phone",)


def header(kind: Kind, language: Language) -> list[str]:
    """The columns as people call them; an import knows them again."""
    told = kind.aliases if language == "zh" else {}
    return [told.get(column, (column,))[0] for column in _columns(kind)]


def cells(kind: Kind, thing: object) -> list[str]:
    """What stands in them."""
    return [_cell(getattr(thing, _NAMES.get((kind.name, own), own))) for own in _columns(kind)]


def _columns(kind: Kind) -> list[str]:
    return [column for column in kind.columns if column not in _KEPT_BACK]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "；".join(value)
    return "" if value is None else str(value)
