"""The downloads: a table as CSV that spreadsheets open as it is and never as formulas."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from services.intake.open import views
from shared.web.texts import text

MARK = "\ufeff"
HIDDEN = "hidden"
SHARES = ("share", "low", "high")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
TABLES: dict[str, type[BaseModel]] = {"counts": views.Counts, "satisfaction": views.Satisfaction}


def sheet(model: type[BaseModel], rows: Iterable[BaseModel]) -> str:
    """Rows as CSV; the mark at its beginning tells a spreadsheet that it is UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(model.model_fields)
    for row in rows:
        writer.writerow([cell(name, value) for name, value in row.model_dump().items()])
    return MARK + written.getvalue()


def cell(name: str, value: Any) -> str:
    """A value that no spreadsheet takes for a formula; a share that cannot be told is empty."""
    if value is None:
        return "" if name in SHARES else HIDDEN
    told = str(value)
    return f"'{told}" if isinstance(value, str) and told.startswith(_FORMULA) else told


def dictionary() -> views.Dictionary:
    """What each column means."""
    return views.Dictionary(columns=list(_columns()), hidden=HIDDEN)


def _columns() -> Iterator[views.Column]:
    for table, model in TABLES.items():
        for name in model.model_fields:
            told = {lang: text(lang, f"open_column.{table}.{name}") for lang in ("zh", "en")}
            yield views.Column.model_validate({"table": table, "name": name, **told})
