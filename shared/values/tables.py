"""Tables as CSV that spreadsheets open as they are and never as formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

# Tells a spreadsheet that it is UTF-8.
MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A whole file."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return MARK + content.getvalue()


def cell(value: object) -> str:
    """A value that no spreadsheet takes for a formula; what is not there is empty."""
    if value is None:
        return ""
    told = str(value)
    return f"'{told}" if isinstance(value, str) and told.startswith(_FORMULA) else told
