"""Months of the ledger: closed once by a named person, as a numbered document and a sheet."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any

from services.rewards.api import DECIDERS, READERS
from services.rewards.book_views import CloseBody, Closes, CloseShown, CloseTold, VendorMonth
from services.rewards.close_files import file_of, text_of
from services.rewards.rules.closing import month_of_vendors, stands, total
from services.rewards.rules.ledger import following
from services.rewards.store import close_keys, closes, directory, ledger, rewards
from services.rewards.store.closes import Closed
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Conflict, NotFound, Refused
from shared.observe import log
from shared.papers.paper import Paper
from shared.papers.printer import SECONDS, Printer
from shared.papers.wording import called, headed, words
from shared.policy import Policies
from shared.values import clock, workbook
from shared.values.money import yuan
from shared.values.notes import Signer, base64
from shared.web import repeats
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.exports import FORMATS
from shared.web.replies import Download, Page, See, Text
from shared.web.texts import texts

ADDRESS, API = "/closes", "/api/v1/closes"
KEYS = "/close-keys"
ONE = "{year}/{number}"
MARK = "公账"
# What was begun before midnight is booked by then.
AFTER = timedelta(hours=1)
COLUMNS = ("mismatch_vendor", "recon_opening", "recon_topped_up", "close_paid", "close_reversed",
           "close_written_off", "close_suspense", "recon_closing")  # fmt: skip


@dataclass(frozen=True)
class Closing:
    """`/closes` and its twins for programs."""

    database: Database
    policies: Policies
    printer: Printer
    signer: Signer

    def endpoints(self) -> list[Endpoint]:
        """The list with the form, a month, its three files; the keys that check one of them."""
        one = partial(Endpoint, "GET", who=READERS, params={"year": int, "number": int})
        summary = "Close a month, signed by whoever is at the screen"
        return [
            Endpoint("GET", API, self.list_closes, "Closed months", READERS, answers={200: Closes}),
            one(f"{API}/{ONE}", self.get_close, "A closed month", answers={200: CloseTold}),
            Endpoint("POST", API, self.close, summary, DECIDERS, body=CloseBody,
                     answers={200: CloseTold}, repeat="header"),
            Endpoint("GET", ADDRESS, self.show, "Closed months", READERS),
            Endpoint("POST", ADDRESS, self.send, summary, DECIDERS, body=CloseBody, form=True,
                     again=self.again, csrf="token", repeat="form", confirm=True),
            one(f"{ADDRESS}/{ONE}", self.show_one, "A closed month"),
            one(f"{ADDRESS}/{ONE}/paper.pdf", self.pdf, "A closed month as PDF", seconds=SECONDS),
            one(f"{ADDRESS}/{ONE}/sums.xlsx", self.xlsx, "A closed month as XLSX"),
            one(f"{ADDRESS}/{ONE}/close.txt", self.file, "A closed month, signed (C2SP note)"),
            Endpoint(
                "GET", KEYS, self.keys,
                "The public keys of closed months, a line each as C2SP signed-note writes them",
                PUBLIC,
            ),
        ]  # fmt: skip

    async def list_closes(self, call: Call[Any, Any]) -> Closes:
        """All, and which comes next."""
        async with self.database.transaction(as_=call.operator) as conn:
            await directory.must_see_all(conn)
            found = await closes.list_newest(conn)
            month = await _next(conn)
            now = await rewards.get_now(conn)
        due = month is not None and _is_over(month, now)
        return Closes(closes=[CloseShown(**_head(one)) for one in found], open_month=month, due=due)

    async def get_close(self, call: Call[Any, Any]) -> CloseTold:
        """One."""
        return told(await self._load(call))

    async def close(self, call: Call[CloseBody, None]) -> CloseTold:
        """The month as it was signed."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._close, conn, call.operator, call.body.month)
            return await repeats.once(conn, call, CloseTold, doing)

    async def _close(self, conn: Connection, who: Operator, month: date) -> CloseTold:
        await directory.must_see_all(conn)
        return told(await close(conn, who, month, self.signer))

    async def show(self, call: Call[None, None]) -> Page:
        """The list, with the form where a month is over."""
        return await self._page(call)

    async def send(self, call: Call[CloseBody, None]) -> See:
        """Signed; to the document."""
        done = await self.close(call)
        return See(f"{ADDRESS}/{done.year}/{done.number}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list, and why nothing was signed."""
        return await self._page(call, refused)

    async def _page(self, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        values = {
            "listing": await self.list_closes(call),
            "may_close": call.operator.role in access.REWARD_DECIDERS,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("closes.html", values, refused=refused)

    async def show_one(self, call: Call[None, None]) -> Page:
        """The document, and its sums as a table."""
        closed = await self._load(call)
        values = {"one": told(closed), "paper": paper(closed, self.policies), "rows": _rows(closed)}
        return Page("close.html", values)

    async def pdf(self, call: Call[None, None]) -> Download:
        """The document alone."""
        document = paper(await self._load(call), self.policies)
        return Download(await self.printer.pdf(document), "application/pdf", document.file_name)

    async def xlsx(self, call: Call[None, None]) -> Download:
        """The sums as a sheet, in the reader's language."""
        closed = await self._load(call)
        head = [texts(call.language).text(key) for key in COLUMNS]
        rows = [(row.vendor or texts(call.language).text("close_total"), *_amounts(row))
                for row in _rows(closed)]  # fmt: skip
        rows += [(), *_proof(closed, texts(call.language).text)]
        content = await asyncio.to_thread(workbook.write, f"{closed.month:%Y-%m}", head, rows)
        return Download(content, FORMATS["xlsx"], f"{ref(closed)}.xlsx")

    async def file(self, call: Call[None, None]) -> Text:
        """What `mashang close verify` checks, as it was signed."""
        closed = await self._load(call)
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
        own = self.signer.public
        return Text("".join(f"{key}\n" for key in (found if own in found else [own, *found])))

    async def _load(self, call: Call[Any, Any]) -> Closed:
        async with self.database.transaction(as_=call.operator) as conn:
            found = await closes.get(conn, call.params["year"], call.params["number"])
        if found is None:
            raise NotFound("refused.no_close")
        return found


async def close(conn: Connection, who: Operator, month: date, by: Signer) -> Closed:
    """Sign a month that is over, the first that is open. Conflict says what is in the way."""
    await rewards.lock_decisions(conn)
    now = await rewards.get_now(conn)
    if month != await _next(conn):
        raise Conflict("refused.month_not_next")
    if not _is_over(month, now):
        raise Conflict("refused.month_not_over")
    rows = await _sums(conn, month)
    digest = sha256(json.dumps([f"{month}", rows], sort_keys=True).encode()).hexdigest()
    year = clock.service_day(now).year
    number = await closes.get_next_number(conn, year)
    plain = Closed(month, year, number, rows, digest, who.username, who.name, now)
    closed = replace(plain, key_id=by.public.key_id, signature=by.sign(text_of(plain)))
    await close_keys.add(conn, by.public)
    await closes.add(conn, closed)
    log.get().info("month closed", count=number)
    return closed


async def _next(conn: Connection) -> date | None:
    last = await closes.get_last(conn)
    return following(last) if last else await closes.get_first_month(conn)


def _is_over(month: date, now: datetime) -> bool:
    return clock.service_day(now - AFTER) >= following(month)


async def _sums(conn: Connection, month: date) -> dict[str, Any]:
    turnover = await ledger.list_turnover(conn, month)
    vendors = [asdict(one) for one in month_of_vendors(turnover, month)]
    return {"vendors": vendors, "owed_fen": -stands(turnover, "owed")}


def ref(closed: Closed) -> str:
    """Its number as the document bears it."""
    return called(MARK, closed.year, closed.number)


def _head(closed: Closed) -> dict[str, Any]:
    values = asdict(closed)
    values.pop("rows")
    signature = base64(closed.signature) if closed.signature else None
    return values | {"ref": ref(closed), "signature": signature}


def told(closed: Closed) -> CloseTold:
    """With its sums."""
    return CloseTold(**_head(closed), **closed.rows)


def _rows(closed: Closed) -> list[VendorMonth]:
    """Each vendor, and all together."""
    vendors = [VendorMonth(**row) for row in closed.rows["vendors"]]
    return [*vendors, VendorMonth(**asdict(total(vendors)))]  # type: ignore[arg-type]


def _amounts(row: VendorMonth) -> Iterator[Decimal]:
    for name in VendorMonth.model_fields:
        if name != "vendor":
            yield Decimal(getattr(row, name)).scaleb(-2)


def paper(closed: Closed, policies: Policies) -> Paper:
    """The document, headed as the policy said when it was signed."""
    edition = policies.at(closed.closed_at)
    month = words().text("close_month", year=closed.month.year, month=closed.month.month)
    return headed(
        edition.papers,
        ref(closed),
        words().text("close_paper_title", month=month),
        edition.papers.issuer,
        list(_body(closed, month)),
        closed.closed_at,
        rules_from=edition.effective_from,
        signer=closed.signer,
    )


def _body(closed: Closed, month: str) -> Iterator[str]:
    yield words().text("close_paper_begin", month=month)
    for row in _rows(closed):
        told = {name.removesuffix("_fen"): yuan(getattr(row, name))
                for name in VendorMonth.model_fields if name != "vendor"}  # fmt: skip
        yield words().text(
            "close_paper_row", vendor=row.vendor or words().text("close_total"), **told
        )
    yield words().text("close_paper_owed", owed=yuan(closed.rows["owed_fen"]))
    yield words().text("close_paper_digest", digest=closed.digest)
    for name, said in _proof(closed, words().text):
        yield f"{name}{words().text('colon')}{said}"


def _proof(closed: Closed, say: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The key's signature, in pieces as a line has no room for it, and how it is checked."""
    if closed.signature is None or closed.key_id is None:
        return
    written = base64(closed.signature)
    yield say("close_key_id"), closed.key_id
    yield say("close_signature"), " ".join(written[at : at + 22] for at in range(0, 88, 22))
    yield say("close_check"), say("close_check_how")
