"""Months of the ledger: closed once, by a named person and with a key."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from services.rewards.api import DECIDERS, READERS
from services.rewards.book_views import CloseBody, Closes, CloseShown, CloseTold
from services.rewards.close_notes import text_of
from services.rewards.close_papers import paper, ref, rows
from services.rewards.rules.closing import month_of_vendors, stands
from services.rewards.rules.ledger import following
from services.rewards.store import close_keys, closes, directory, ledger, rewards
from services.rewards.store.closes import Closed
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Conflict, NotFound, Refused
from shared.observe import log
from shared.policy import Policies
from shared.values import clock
from shared.values.notes import Signer, base64
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See

ADDRESS, API = "/closes", "/api/v1/closes"
ONE = "{year}/{number}"
MONTH = f"{ADDRESS}/{ONE}"
# What was begun before midnight is booked by then.
AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Closing:
    """`/closes` and its twins for programs."""

    database: Database
    policies: Policies
    signer: Signer

    def endpoints(self) -> list[Endpoint]:
        """The list with the form, and a month."""
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
            one(MONTH, self.show_one, "A closed month"),
        ]  # fmt: skip

    async def list_closes(self, call: Call[Any, Any]) -> Closes:
        """All, and which comes next."""
        async with self.database.reading(as_=call.operator) as conn:
            await directory.must_see_all(conn)
            found = await closes.list_newest(conn)
            month = await _next(conn)
            now = await rewards.get_now(conn)
        due = month is not None and _is_over(month, now)
        return Closes(closes=[CloseShown(**_head(one)) for one in found], open_month=month, due=due)

    async def get_close(self, call: Call[Any, Any]) -> CloseTold:
        """One."""
        return told(await load(self.database, call))

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
        closed = await load(self.database, call)
        values = {"one": told(closed), "paper": paper(closed, self.policies), "rows": rows(closed)}
        return Page("close.html", values)


async def load(database: Database, call: Call[Any, Any]) -> Closed:
    """The one that an address names. NotFound if there is none."""
    async with database.transaction(as_=call.operator) as conn:
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
    sums = await _sums(conn, month)
    digest = sha256(json.dumps([f"{month}", sums], sort_keys=True).encode()).hexdigest()
    year = clock.service_day(now).year
    number = await closes.get_next_number(conn, year)
    plain = Closed(month, year, number, sums, digest, who.username, who.name, now)
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


def _head(closed: Closed) -> dict[str, Any]:
    values = asdict(closed)
    values.pop("rows")
    signature = base64(closed.signature) if closed.signature else None
    return values | {"ref": ref(closed), "signature": signature}


def told(closed: Closed) -> CloseTold:
    """With its sums."""
    return CloseTold(**_head(closed), **closed.rows)
