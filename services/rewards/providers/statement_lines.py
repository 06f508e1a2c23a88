"""The lines of a vendor's statement, however a spreadsheet has saved it.

CSV in UTF-8 (with its mark or without), GBK, GB18030 or UTF-16, of any usual separator; or XLSX.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from services.rewards.providers.protocol import BadCell, NotAStatement
from shared.values import money, sheet, workbook
from shared.values.sheet import BadSheet, Line, RowError


def lines(raw: bytes, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each line's number and cells by column. NotAStatement where it is not such a table."""
    head, *rest = _read(raw, columns)
    if head.cells != tuple(columns):
        wanted = ",".join(columns)
        raise NotAStatement(RowError(head.number, "", "statement_columns", {"columns": wanted}))
    for line in rest:
        yield line.number, dict(zip(columns, line.cells, strict=True))


def _read(raw: bytes, columns: Sequence[str]) -> Sequence[Line]:
    def known(cells: Sequence[str]) -> int:
        return len({cell.strip().strip('"') for cell in cells} & set(columns))

    try:
        whole = workbook.is_workbook(raw)
        found = workbook.read(raw, known).lines if whole else sheet.read(raw, known)
    except BadSheet as bad:
        raise NotAStatement(*bad.errors) from None
    return found or [Line(1, ())]


def amount(column: str, cell: str) -> int:
    """Yuan as fen. BadCell."""
    try:
        return int(money.parse_yuan(cell.replace(",", "")))
    except ValueError:
        raise BadCell(column, "statement_amount") from None


def moment(column: str, cell: str, zone: tzinfo) -> datetime:
    """`2026-03-03 10:00:00` of the vendor's clock, or a workbook's. BadCell."""
    try:
        return datetime.strptime(cell.replace("T", " ")[:19], "%Y-%m-%d %H:%M:%S").replace(
            tzinfo=zone
        )
    except ValueError:
        raise BadCell(column, "statement_moment") from None
