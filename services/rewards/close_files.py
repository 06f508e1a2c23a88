"""A closed month to take away: its document, its sheet, its signed note, and the public keys."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from services.rewards.api import READERS
from services.rewards.book_views import VendorMonth
from services.rewards.close_notes import file_of
from services.rewards.close_papers import paper, proof, ref, rows
from services.rewards.closing import MONTH, load
from services.rewards.store import close_keys
from shared.db import Database
from shared.errors import NotFound
from shared.papers.printer import SECONDS, Printer
from shared.policy import Policies
from shared.values import workbook
from shared.values.notes import PublicKey
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.exports import FORMATS
from shared.web.replies import Download, Text
from shared.web.texts import texts

KEYS = "/close-keys"
COLUMNS = ("mismatch_vendor", "recon_opening", "recon_topped_up", "close_paid", "close_reversed",
           "close_written_off", "close_suspense", "recon_closing")  # fmt: skip


@dataclass(frozen=True)
class CloseFiles:
    """Below a month's page; the keys stand by themselves. `own` signs now."""

    database: Database
    policies: Policies
    printer: Printer
    own: PublicKey

    def endpoints(self) -> list[Endpoint]:
        """Three files, and the keys that check one of them."""
        one = partial(Endpoint, "GET", who=READERS, params={"year": int, "number": int})
        return [
            one(f"{MONTH}/paper.pdf", self.pdf, "A closed month as PDF", seconds=SECONDS),
            one(f"{MONTH}/sums.xlsx", self.xlsx, "A closed month as XLSX"),
            one(f"{MONTH}/close.txt", self.note, "A closed month, signed (C2SP note)"),
            Endpoint(
                "GET", KEYS, self.keys,
                "The public keys of closed months, a line each as C2SP signed-note writes them",
                PUBLIC,
            ),
        ]  # fmt: skip

    async def pdf(self, call: Call[None, None]) -> Download:
        """The document alone."""
        document = paper(await load(self.database, call), self.policies)
        return Download(await self.printer.pdf(document), "application/pdf", document.file_name)

    async def xlsx(self, call: Call[None, None]) -> Download:
        """The sums as a sheet, in the reader's language."""
        closed = await load(self.database, call)
        head = [texts(call.language).text(key) for key in COLUMNS]
        body = [(row.vendor or texts(call.language).text("close_total"), *_amounts(row))
                for row in rows(closed)]  # fmt: skip
        body += [(), *proof(closed, texts(call.language).text)]
        content = await asyncio.to_thread(workbook.write, f"{closed.month:%Y-%m}", head, body)
        return Download(content, FORMATS["xlsx"], f"{ref(closed)}.xlsx")

    async def note(self, call: Call[None, None]) -> Text:
        """What `mashang close verify` checks, as it was signed."""
        closed = await load(self.database, call)
        async with self.database.acquire() as conn:
            key = await close_keys.get(conn, closed.key_id or "")
        if key is None:
            raise NotFound("refused.close_unsigned")
        name = f"mashang-close-{closed.month:%Y-%m}.txt"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Text(file_of(closed, key), headers=disposition)

    async def keys(self, _: Call[None, None]) -> Text:
        """Also those that sign no more."""
        async with self.database.acquire() as conn:
            found = await close_keys.list_all(conn)
        told = found if self.own in found else [self.own, *found]
        return Text("".join(f"{key}\n" for key in told))


def _amounts(row: VendorMonth) -> Iterator[Decimal]:
    for name in VendorMonth.model_fields:
        if name != "vendor":
            yield Decimal(getattr(row, name)).scaleb(-2)
