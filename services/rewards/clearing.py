"""Mismatches of money for people: the list, newest first, and the word of who settled one."""

from dataclasses import dataclass
from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode

from services.rewards.api import DECIDERS, PAGE, READERS
from services.rewards.store import mismatches
from services.rewards.views import MismatchListing, MismatchQuery, MismatchShown, Note
from shared import access, staff
from shared.db import Connection, Database
from shared.errors import Conflict, NotFound, Refused
from shared.observe import log
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import Fields
from shared.web.replies import Page, See

# Many notes on a page, each of its 500 characters escaped.
MOST_NOTES = 192 * 1024
SHOWS = get_args(MismatchQuery.model_fields["show"].annotation)


@dataclass(frozen=True)
class Clearing:
    """`/api/v1/mismatches` and `/mismatches`.

    The browser sees one form with a note for each, so that settling one leaves the others' notes.
    """

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        settle = partial(Endpoint, "POST", params={"mismatch_id": int}, body=Note, limit=8 * 1024)
        form = partial(
            Endpoint,
            query=MismatchQuery,
            form=True,
            again=self.again,
            csrf="token",
            repeat="form",
            limit=MOST_NOTES,
        )
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
            form("POST", "/mismatches", self.show, "Show again what is filled in", DECIDERS),
            form("POST", "/mismatches/{mismatch_id}/resolutions", self.send, summary, DECIDERS,
                 params={"mismatch_id": int}, body=Note, section="{mismatch_id}", confirm=True),
        ]  # fmt: skip

    async def list_mismatches(self, call: Call[None, MismatchQuery]) -> MismatchListing:
        """A page of them."""
        return await self._list(call, call.query)

    async def resolve(self, call: Call[Note, Any]) -> MismatchShown:
        """The mismatch as it then is."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await repeats.once(conn, call, MismatchShown, partial(_resolve, conn, call))

    async def show(self, call: Call[None, MismatchQuery]) -> Page:
        """The list, with a form for each that is open."""
        return await self._page(call, call.query)

    async def send(self, call: Call[Note, MismatchQuery]) -> Page | See:
        """Settled; on to the list, with the notes that were begun for others."""
        await self.resolve(call)
        if _others(call).typed:
            return await self._page(call, call.query)
        return See(f"/mismatches{_asked(call.query)}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was typed, and what is wrong with it."""
        return await self._page(call, call.query or MismatchQuery(), refused)

    async def _list(self, call: Call[Any, Any], query: MismatchQuery) -> MismatchListing:
        async with self.database.reading(as_=call.operator) as conn:
            rows = await mismatches.list_page(conn, query.cursor, query.show, PAGE)
        shown = [MismatchShown(**row) for row in rows]
        more = str(shown[-1].mismatch_id) if len(shown) == PAGE else None
        return MismatchListing(mismatches=shown, next=more)

    async def _people(self, listing: MismatchListing) -> dict[str, str]:
        """Names of those who settled one."""
        settled = {one.resolved_by for one in listing.mismatches if one.resolved_by}
        async with self.database.acquire() as conn:
            return await staff.list_names(conn, sorted(settled))

    async def _page(
        self, call: Call[Any, Any], query: MismatchQuery, refused: Refused | None = None
    ) -> Page:
        listing = await self._list(call, query)
        onward = urlencode({"show": query.show, "cursor": listing.next or ""})
        about = call.params.get("mismatch_id")
        typed = call.fields if refused else _others(call)
        values = {
            "listing": listing,
            "show": query.show,
            "shows": SHOWS,
            "people": await self._people(listing),
            "may_settle": call.operator.role in access.REWARD_DECIDERS,
            "next_page": f"/mismatches?{onward}" if listing.next else None,
            "about": about if refused else None,
            "asked": _asked(query),
            "typed": typed.within(f"{about}"),
            "gone": _gone(typed, listing),
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("mismatches.html", values, refused=refused)


def _asked(query: MismatchQuery) -> str:
    """The query of a list, to come back to it."""
    told = urlencode(query.model_dump(exclude_defaults=True))
    return f"?{told}" if told else ""


def _gone(typed: Fields, listing: MismatchListing) -> list[str]:
    """Notes whose mismatch somebody else has settled meanwhile."""
    there = {f"{one.mismatch_id}-note" for one in listing.mismatches if not one.resolved_by}
    return [
        typed.one(name) for name in typed.values if name.endswith("-note") and name not in there
    ]


def _others(call: Call[Any, Any]) -> Fields:
    """The notes on the page but for the one that was sent."""
    sent = f"{call.params.get('mismatch_id')}-note"
    notes = {n: v for n, v in call.fields.values.items() if n.endswith("-note") and n != sent}
    return Fields(notes)


async def _resolve(conn: Connection, call: Call[Note, Any]) -> MismatchShown:
    mismatch_id, who = call.params["mismatch_id"], call.operator.username
    if await mismatches.get(conn, mismatch_id) is None:
        raise NotFound("refused.no_mismatch")
    if not await mismatches.add_resolution(conn, mismatch_id, who, call.body.note):
        raise Conflict("refused.mismatch_settled")
    log.get().info("mismatch settled", count=mismatch_id)
    shown = await mismatches.get(conn, mismatch_id)
    return MismatchShown(**(shown or {}))
