"""The downloads: the open figures as CSV, and what their columns mean."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from services.intake.open import views
from shared.values import tables
from shared.web.texts import text

HIDDEN = "hidden"
SHARES = ("share", "low", "high")
TABLES: dict[str, type[BaseModel]] = {"counts": views.Counts, "satisfaction": views.Satisfaction}


def sheet(model: type[BaseModel], rows: Iterable[BaseModel]) -> str:
    """Rows as CSV."""
    return tables.written(
        list(model.model_fields),
        ([cell(name, value) for name, value in row.model_dump().items()] for row in rows),
    )


def cell(name: str, value: Any) -> Any:
    """What is hidden says so; a share that cannot be told is empty."""
    return HIDDEN if value is None and name not in SHARES else value


def dictionary() -> views.Dictionary:
    """What each column means."""
    return views.Dictionary(columns=list(_columns()), hidden=HIDDEN)


def _columns() -> Iterator[views.Column]:
    for table, model in TABLES.items():
        for name in model.model_fields:
            told = {lang: text(lang, f"open_column.{table}.{name}") for lang in ("zh", "en")}
            yield views.Column.model_validate({"table": table, "name": name, **told})
