"""A vendor's statement by the page: a person sends the file, and sees what differs.

It is taken as the command takes it, all of its rows or none, and not as the operator sees the
rewards: an order that is hidden from somebody is none that we never made.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.rewards import commands
from services.rewards.api import DECIDERS
from services.rewards.book_views import RunQuery, StatementBody
from services.rewards.commands import NotAStatement
from services.rewards.providers.protocol import Statement
from services.rewards.reconciliations import ADDRESS, Reconciliations
from services.rewards.store import directory
from shared.db import Connection, Database
from shared.errors import Invalid, Refused, Wrong
from shared.web import repeats, uploads
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See
from shared.web.uploads import Uploads

LARGEST = 2 * 1024 * 1024
# A day's orders are read and each is held against the ledger.
SECONDS = 25.0


@dataclass(frozen=True)
class Uploading:
    """`POST /reconciliations/statements`; `runs` is the page on which the form stands."""

    database: Database
    runs: Reconciliations

    def endpoints(self) -> list[Endpoint]:
        """The one."""
        return [
            Endpoint(
                "POST", f"{ADDRESS}/statements", self.send, "Take in a vendor's statement",
                DECIDERS, body=StatementBody, form=True, again=self.again, csrf="token",
                repeat="form", uploads=Uploads({"file": 1}, LARGEST), seconds=SECONDS, confirm=True,
            )
        ]  # fmt: skip

    async def send(self, call: Call[StatementBody, None]) -> Page | See:
        """Taken in; to its run. Or nothing changed, and every bad row named."""
        asked = call.body
        if asked.vendor not in self.runs.vendors:
            raise Invalid(Wrong("vendor", "wrong.vendor"))
        async with self.database.transaction(as_=call.operator) as conn:
            await directory.must_see_all(conn)
        try:
            read = partial(commands.read, asked.vendor, _content(call), asked.day)
            run = await self._take(call, await asyncio.to_thread(read))
        except NotAStatement as bad:
            return await self.runs.list_page(call, RunQuery(), Invalid(), bad.errors)
        return See(f"{ADDRESS}/{run}")

    async def _take(self, call: Call[StatementBody, None], statement: Statement) -> int:
        async with self.database.transaction() as conn:
            return await repeats.once(conn, call, int, partial(_run, conn, call, statement))

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list, and why the file was not taken."""
        return await self.runs.list_page(call, RunQuery(), refused)


async def _run(conn: Connection, call: Call[StatementBody, None], statement: Statement) -> int:
    done = await commands.take(
        conn, call.body.vendor, statement, source="file", actor=call.operator.username
    )
    return done.run


def _content(call: Call[Any, Any]) -> bytes:
    """The file that was sent. Invalid."""
    too_large = Wrong("file", "statement_too_large", mib=LARGEST // 1024**2)
    return uploads.content(call.files, Wrong("file", "import_no_file"), too_large)
