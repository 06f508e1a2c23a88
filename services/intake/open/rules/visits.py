"""The list of those a window served: a visit's number, and a phone where one was left."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from shared.values import phone, sheet, text
from shared.values.sheet import BadSheet, Line, RowError

COLUMNS = {
    "visit": ("visit", "办件号", "办件编号", "号码", "排队号", "流水号"),
    "phone": ("phone", "电话", "手机", "手机号", "手机号码", "联系电话"),
}
# The phone of each visit as it was written, nothing where there is none.
Visits = Mapping[str, str]


def read(raw: bytes) -> Visits:
    """A sheet with a column of visits; a list of nothing else needs no header. BadSheet."""
    lines = sheet.read(raw, _known)
    if not lines:
        raise BadSheet(RowError(1, "", "csv.empty"))
    names = [_column(cell) for cell in lines[0].cells]
    if not any(names) and all(map(_is_number, lines)):
        return dict(_rows(lines, 0, None))
    if "visit" not in names:
        raise BadSheet(RowError(1, "visit", "csv.no_visit"))
    place = names.index("phone") if "phone" in names else None
    return dict(_rows(lines[1:], names.index("visit"), place))


def _rows(lines: Sequence[Line], visit: int, phone_at: int | None) -> Iterator[tuple[str, str]]:
    for line in lines:
        own = text.identifier(line.cells[visit])
        if not own:
            raise BadSheet(RowError(line.number, "visit", "csv.blank"))
        yield own, line.cells[phone_at] if phone_at is not None else ""


def _is_number(line: Line) -> bool:
    """A header has no digit, and the number of a visit has one."""
    return len(line.cells) == 1 and any(map(str.isdecimal, line.cells[0]))


def _column(cell: str) -> str:
    folded = text.keyword(cell)
    return next((name for name, known in COLUMNS.items() if folded in known), "")


def _known(header: Sequence[str]) -> int:
    return sum(bool(_column(cell)) for cell in header)


def reachable(typed: str) -> str | None:
    """The number to which an SMS can go; None where there is none."""
    try:
        number = phone.parse(typed)
    except ValueError:
        return None
    return number if phone.use(number).sms else None


def refused(visits: Visits) -> list[str]:
    """The visits with a phone to which no SMS can go."""
    return [visit for visit, typed in visits.items() if typed.strip() and not reachable(typed)]


def written(visits: Visits) -> str:
    """The list once more, as `read` takes it."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows([("visit", "phone"), *visits.items()])
    return lines.getvalue()
