"""The ledger for people: what stands where, what was booked, money paid into a wallet."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from services.rewards import books
from services.rewards.api import DECIDERS, PAGE, READERS
from services.rewards.book_views import BalanceShown, Ledger, LedgerQuery, PostingShown, TopUp
from services.rewards.store import directory, ledger, rewards
from services.rewards.views import Note
from shared import access
from shared.db import Connection, Database
from shared.errors import Invalid, NotFound, Refused, Wrong
from shared.values import clock
from shared.values.money import parse_yuan
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS, API = "/ledger", "/api/v1/ledger"
MOST_FEN = 10**11
ALL_MONTHS = date(9999, 1, 1)


@dataclass(frozen=True)
class LedgerPages:
    """`/ledger` and its twins for programs; `vendors` are those configured."""

    database: Database
    vendors: tuple[str, ...]

    def endpoints(self) -> list[Endpoint]:
        """The list with the form of a top-up, a posting with the form that turns it round."""
        one = {"posting_no": int}
        top_up, back = "Enter money that was paid into a wallet", "Turn a person's posting round"
        form = partial(Endpoint, "POST", who=DECIDERS, form=True, csrf="token", repeat="form",
                       limit=8 * 1024, confirm=True)  # fmt: skip
        act = partial(Endpoint, "POST", who=DECIDERS, repeat="header", limit=8 * 1024,
                      answers={200: PostingShown})  # fmt: skip
        return [
            Endpoint("GET", API, self.get_ledger, "Accounts and postings", READERS,
                     query=LedgerQuery, answers={200: Ledger}),
            Endpoint("GET", f"{API}/{{posting_no}}", self.get_posting, "A posting", READERS,
                     params=one, answers={200: PostingShown}),
            act(f"{API}/top-ups", self.top_up, top_up, body=TopUp),
            act(f"{API}/{{posting_no}}/reversal", self.take_back, back, params=one, body=Note),
            Endpoint("GET", ADDRESS, self.show, "Accounts and postings", READERS,
                     query=LedgerQuery),
            Endpoint("GET", f"{ADDRESS}/{{posting_no}}", self.show_one, "A posting", READERS,
                     params=one),
            form(f"{ADDRESS}/top-ups", self.send_top_up, top_up, body=TopUp, again=self.again),
            form(f"{ADDRESS}/{{posting_no}}/reversal", self.send_back, back, params=one, body=Note,
                 again=self.again_one),
        ]  # fmt: skip

    async def get_ledger(self, call: Call[Any, LedgerQuery]) -> Ledger:
        """A page of postings under all balances."""
        return await self._ledger(call, call.query.cursor)

    async def _ledger(self, call: Call[Any, Any], cursor: int | None) -> Ledger:
        async with self.database.reading(as_=call.operator) as conn:
            await directory.must_see_all(conn)
            turnover = await ledger.list_turnover(conn, ALL_MONTHS)
            rows = await ledger.list_page(conn, cursor, PAGE)
        sums: Counter[tuple[str, str]] = Counter()
        for one in turnover:
            sums[one.account, one.vendor] += one.debit_fen - one.credit_fen
        balances = [BalanceShown(account=a, vendor=v, fen=fen) for (a, v), fen in sums.items()]
        balances.sort(key=lambda one: (one.vendor, one.account))
        shown = [PostingShown(**row) for row in rows]
        more = str(shown[-1].posting_no) if len(shown) == PAGE else None
        return Ledger(balances=balances, postings=shown, next=more)

    async def get_posting(self, call: Call[Any, Any]) -> PostingShown:
        """One."""
        async with self.database.reading(as_=call.operator) as conn:
            return await _posting(conn, call.params["posting_no"])

    async def top_up(self, call: Call[TopUp, None]) -> PostingShown:
        """The posting."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await repeats.once(conn, call, PostingShown, partial(self._top_up, conn, call))

    async def _top_up(self, conn: Connection, call: Call[TopUp, None]) -> PostingShown:
        await directory.must_see_all(conn)
        await rewards.lock_decisions(conn)
        asked, now = call.body, await rewards.get_now(conn)
        if asked.vendor not in self.vendors:
            raise Invalid(Wrong("vendor", "wrong.vendor"))
        if asked.day > clock.service_day(now):
            raise Invalid(Wrong("day", "wrong.day_to_come"))
        number = await books.top_up(
            conn, asked.vendor, _fen(asked.yuan), asked.day, now, call.operator.username, asked.note
        )
        return await _posting(conn, number)

    async def take_back(self, call: Call[Note, None]) -> PostingShown:
        """The posting that turns it round."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await repeats.once(conn, call, PostingShown, partial(_take_back, conn, call))

    async def show(self, call: Call[None, LedgerQuery]) -> Page:
        """What stands where, what was booked, the form."""
        return await self._page(call, call.query.cursor)

    async def show_one(self, call: Call[Any, None]) -> Page:
        """A posting."""
        return await self._one(call)

    async def send_top_up(self, call: Call[TopUp, None]) -> See:
        """Booked; to the posting."""
        return See(f"{ADDRESS}/{(await self.top_up(call)).posting_no}")

    async def send_back(self, call: Call[Note, None]) -> See:
        """Booked; to the posting that does it."""
        return See(f"{ADDRESS}/{(await self.take_back(call)).posting_no}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was typed, and what is wrong with it."""
        return await self._page(call, None, call.fields, refused)

    async def again_one(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The posting with what was typed, and what is wrong with it."""
        return await self._one(call, call.fields, refused)

    async def _page(
        self,
        call: Call[Any, Any],
        cursor: int | None,
        typed: Fields = NONE,
        refused: Refused | None = None,
    ) -> Page:
        listing = await self._ledger(call, cursor)
        values = {
            "listing": listing,
            "vendors": self.vendors,
            "may_post": call.operator.role in access.REWARD_DECIDERS,
            "typed": typed,
            "next_page": f"{ADDRESS}?cursor={listing.next}" if listing.next else None,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("ledger.html", values, refused=refused)

    async def _one(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        posting = await self.get_posting(call)
        by_hand = posting.step == "topped_up" and posting.reversed_by is None
        values = {
            "one": posting,
            "may_post": by_hand and call.operator.role in access.REWARD_DECIDERS,
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("posting.html", values, refused=refused)


async def _posting(conn: Connection, number: int) -> PostingShown:
    await directory.must_see_all(conn)
    row = await ledger.get_shown(conn, number)
    if row is None:
        raise NotFound("refused.no_posting")
    return PostingShown(**row)


async def _take_back(conn: Connection, call: Call[Note, None]) -> PostingShown:
    await directory.must_see_all(conn)
    await rewards.lock_decisions(conn)
    now = await rewards.get_now(conn)
    number = await books.take_back(
        conn, call.params["posting_no"], now, call.operator.username, call.body.note
    )
    return await _posting(conn, number)


def _fen(typed: str) -> int:
    try:
        fen = int(parse_yuan(typed.strip().replace(",", "")))
    except ValueError:
        raise Invalid(Wrong("yuan", "wrong.yuan")) from None
    if not 0 < fen <= MOST_FEN:
        raise Invalid(Wrong("yuan", "wrong.yuan"))
    return fen
