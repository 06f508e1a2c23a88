"""The directory as a file: what lies at or below one's own place, to be changed and imported."""

from dataclasses import dataclass

from services.verification.directory import acts
from services.verification.directory.acts import FILE_KEEPERS
from services.verification.directory.pages.imports import IMPORTERS
from services.verification.directory.rules import columns
from services.verification.directory.rules.kinds import KINDS
from shared.db import Database
from shared.errors import NotFound
from shared.observe import log
from shared.values import tables, workbook
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Download
from shared.web.texts import text

ADDRESS = "/desk/directory/export/{name}"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class ExportPages:
    """`/desk/directory/export/units.csv` and its like."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """One address for each kind and format."""
        return [
            Endpoint(
                "GET", ADDRESS, self.export, "The directory as a CSV or XLSX file", IMPORTERS,
                params={"name": str},
            )
        ]  # fmt: skip

    async def export(self, call: Call[None, None]) -> Download:
        """Without phones and passwords; nothing in it is a formula."""
        name, _, form = call.params["name"].partition(".")
        kind = next((one for one in KINDS if one.name == name), None)
        if kind is None or call.operator.role not in FILE_KEEPERS[kind.name] or form not in _TYPES:
            raise NotFound
        async with self.database.reading(as_=call.operator) as conn:
            whole = await acts.claim(conn, call.operator)
        there = sorted(whole.all_of(kind.name).items())
        rows = [
            columns.cells(kind, thing)
            for _, thing in there
            if whole.has_say(call.operator, kind.name, thing)
        ]
        log.get().info("directory exported", kind=kind.name, count=len(rows))
        head = columns.header(kind, call.language)
        title = text(call.language, f"directory_{kind.name}")
        made = (
            tables.written(head, rows).encode()
            if form == "csv"
            else workbook.write(title, head, rows)
        )
        return Download(made, _TYPES[form], f"{title}.{form}")


_TYPES = {"csv": CSV, "xlsx": XLSX}
