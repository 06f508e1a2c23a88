"""Mismatches of money for people: the list, newest first, and the word of who settled one."""

from dataclasses import dataclass
from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode

from services.rewards.api import DECIDERS, PAGE, READERS
from services.rewards.store import mismatches
from services.rewards.views import MismatchListing, MismatchQuery, MismatchShown, Note
from shared import access
from shared.db import Connection, Database
from shared.errors import Conflict, NotFound, Refused
from shared.observe import log
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, Page, See

SHOWS = get_args(MismatchQuery.model_fields["show"].annotation)


@dataclass(frozen=True)
class Clearing:
    """`/api/v1/mismatches` and `/mismatches`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        settle = partial(Endpoint, "POST", params={"mismatch_id": int}, body=Note, limit=8 * 1024)
        summary = "Say how a mismatch was settled"
        return [
            Endpoint(
                "GET", "/api/v1/mismatches", self.list_mismatches, "Mismatches of money", READERS,
                query=MismatchQuery, answers={200: MismatchListing},
            ),
            settle("/api/v1/mismatches/{mismatch_id}/resolutions", self.resolve, summary, DECIDERS,
                   answers={200: MismatchShown}, repeat="header"),
            Endpoint(
                "GET", "/mismatches", self.show, "Mismatches of money", READERS,
                query=MismatchQuery,
            ),
            settle("/mismatches/{mismatch_id}/resolutions", self.send, summary, DECIDERS,
                   form=True, again=self.again, csrf="token", repeat="form"),
        ]  # fmt: skip

    async def list_mismatches(self, call: Call[None, MismatchQuery]) -> MismatchListing:
        """A page of them."""
        return await self._list(call, call.query)

    async def resolve(self, call: Call[Note, None]) -> MismatchShown:
        """The mismatch as it then is."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await repeats.once(conn, call, MismatchShown, partial(_resolve, conn, call))

    async def show(self, call: Call[None, MismatchQuery]) -> Page:
        """The list, with a form for each that is open."""
        return await self._page(call, call.query)

    async def send(self, call: Call[Note, None]) -> See:
        """Settled; on to the list."""
        await self.resolve(call)
        return See("/mismatches")

    async def again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The list with what was typed, and what is wrong with it."""
        return await self._page(call, MismatchQuery(), refused)

    async def _list(self, call: Call[Any, Any], query: MismatchQuery) -> MismatchListing:
        async with self.database.transaction(as_=call.operator) as conn:
            rows = await mismatches.list_page(conn, query.cursor, query.show, PAGE)
        shown = [MismatchShown(**row) for row in rows]
        more = str(shown[-1].mismatch_id) if len(shown) == PAGE else None
        return MismatchListing(mismatches=shown, next=more)

    async def _page(
        self, call: Call[Any, Any], query: MismatchQuery, refused: Refused | None = None
    ) -> Page:
        listing = await self._list(call, query)
        onward = urlencode({"show": query.show, "cursor": listing.next or ""})
        values = {
            "listing": listing,
            "show": query.show,
            "shows": SHOWS,
            "may_settle": call.operator.role in access.REWARD_DECIDERS,
            "next_page": f"/mismatches?{onward}" if listing.next else None,
            "about": call.params.get("mismatch_id"),
            "typed": call.fields,
            "refused": refused,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("mismatches.html", values, int(refused.status) if refused else 200)


async def _resolve(conn: Connection, call: Call[Note, None]) -> MismatchShown:
    mismatch_id, who = call.params["mismatch_id"], call.operator.username
    if await mismatches.get(conn, mismatch_id) is None:
        raise NotFound("refused.no_mismatch")
    if not await mismatches.add_resolution(conn, mismatch_id, who, call.body.note):
        raise Conflict("refused.mismatch_settled")
    log.get().info("mismatch settled", count=mismatch_id)
    shown = await mismatches.get(conn, mismatch_id)
    return MismatchShown(**(shown or {}))
