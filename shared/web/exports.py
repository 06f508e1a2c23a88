"""Lists to take away, as CSV or XLSX: what the page shows, so many rows at most, and each noted.

A service says how its rows are loaded; they are seen by row-level security like those of the page.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, cast
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.db import Connection, Database
from shared.errors import Invalid, Refused, Wrong
from shared.observe import log
from shared.values import clock, tables, workbook
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, Who
from shared.web.replies import Download, Page
from shared.web.texts import texts

Format = Literal["csv", "xlsx"]
# Nobody reads more in a sheet, and nobody else waits meanwhile.
MOST = 10_000
SECONDS = 25.0
BINARY = "application/octet-stream"
FORMATS: Mapping[Format, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ADD = "INSERT INTO exports (username, what, asked, format, number) VALUES ($1, $2, $3, $4, $5)"


class ExportBody(BaseModel):
    """POST /api/v1/…/exports; `asked` is what stands in the page's address behind the `?`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = "csv"
    asked: Annotated[str, StringConstraints(max_length=2000)] = ""


@dataclass(frozen=True)
class Table:
    """Rows with the keys of their columns' names; `asked` is what they were chosen by."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    asked: str = ""


# Loads up to MOST + 1 rows that the caller may see, chosen by what stands in the page's address.
Load = Callable[[Connection, Call[Any, Any], Mapping[str, str]], Awaitable[Table]]


def written_at(moment: datetime | None) -> str:
    """A moment at the bureau as a cell has it, whatever the language: in the order of time."""
    return f"{moment.astimezone(clock.home()):%Y-%m-%d %H:%M}" if moment else ""


@dataclass(frozen=True)
class Exports:
    """The form at `address`, for the list of `what` on the page `back`."""

    address: str
    back: str
    what: str
    who: Who
    database: Database
    load: Load

    def endpoints(self) -> list[Endpoint]:
        """The form, and the same for programs."""
        return [
            Endpoint(
                "POST", self.address, self.export, "Take the list away as CSV or XLSX", self.who,
                form=True, again=self.again, csrf="token", repeat="form", seconds=SECONDS,
            ),
            Endpoint(
                "POST", self._for_programs, self.hand_out,
                "The list that the page shows, as a file; that it was taken is noted", self.who,
                body=ExportBody, repeat="header", answers={200: None}, media=BINARY,
                seconds=SECONDS,
            ),
        ]  # fmt: skip

    @property
    def _for_programs(self) -> str:
        return "/api/v1" + self.address.removeprefix("/desk")

    async def export(self, call: Call[None, None]) -> Download:
        """As the page asks for it."""
        return await self._file(call, _format(call), call.fields.one("asked"))

    async def hand_out(self, call: Call[ExportBody, None]) -> Download:
        """As a program asks for it."""
        return await self._file(call, call.body.format, call.body.asked)

    async def _file(self, call: Call[Any, Any], kind: Format, asked: str) -> Download:
        """The file; that it was taken is noted, who did, what was asked for and how many rows."""
        async with self.database.transaction(as_=call.operator) as conn:
            table = await self.load(conn, call, dict(parse_qsl(asked)))
            if len(table.rows) > MOST:
                raise Invalid(Wrong("asked", "wrong.export_too_many", most=MOST))
            await repeats.once(conn, call, bool, partial(self._note, conn, call, table, kind))
        words = texts(call.language)
        head = [words.text(key) for key in table.columns]
        name = f"{self.what}-{clock.now().astimezone(clock.home()):%Y%m%d-%H%M}.{kind}"
        # Beside the loop: so many rows take a moment.
        content = await asyncio.to_thread(_written, kind, self.what, head, table)
        return Download(content, FORMATS[kind], name)

    async def _note(
        self, conn: Connection, call: Call[Any, Any], table: Table, kind: Format
    ) -> bool:
        number = len(table.rows)
        await conn.execute(_ADD, call.operator.username, self.what, table.asked, kind, number)
        log.get().info("list exported", task=self.what, count=number)
        return True

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """Why there is no file, with the way back to the list and the form."""
        values = {
            "form": self.address,
            "back": self.back,
            "asked": call.fields.one("asked"),
            "key": repeats.key_again(call, refused),
        }
        return Page("export.html", values, refused=refused)


def _format(call: Call[None, None]) -> Format:
    said = call.fields.one("format") or "csv"
    if said not in FORMATS:
        raise Invalid(Wrong("format", "wrong.export_format"))
    return cast(Format, said)


def _written(kind: Format, title: str, head: Sequence[str], table: Table) -> bytes:
    if kind == "xlsx":
        return workbook.write(title, head, table.rows)
    return tables.written(head, table.rows).encode()
