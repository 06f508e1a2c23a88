"""The pages of statements laid beside the ledger: runs, a run's differences, and lifting a stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode

from services.rewards.api import DECIDERS, PAGE, READERS
from services.rewards.book_views import (
    DifferenceShown,
    LackShown,
    LiftShown,
    RunQuery,
    Runs,
    RunShown,
    RunTold,
    StopShown,
)
from services.rewards.reconciling import lift
from services.rewards.store import directory, rewards, stops
from services.rewards.store import reconciliations as store
from services.rewards.views import Note
from shared import access, staff
from shared.db import Connection, Database
from shared.errors import NotFound, Refused
from shared.values import clock, text
from shared.values.sheet import RowError
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See
from shared.web.texts import texts

ADDRESS, API = "/reconciliations", "/api/v1/reconciliations"
SHOWS = get_args(RunQuery.model_fields["show"].annotation)
MOST_SHOWN = 200
# For so long a day that lacks its statement is asked for.
LACKING = timedelta(days=35)
COLUMNS = ("recon_kind", "mismatch_order", "recon_theirs", "recon_ours", "recon_facts")
RUN_COLUMNS = ("recon_day", "mismatch_vendor", "recon_rows", "recon_paid", "recon_refunded",
               "recon_opening", "recon_closing", "recon_differences")  # fmt: skip


@dataclass(frozen=True)
class Reconciliations:
    """`/reconciliations` and its twins for programs; `vendors` are those configured."""

    database: Database
    vendors: Sequence[str]

    def endpoints(self) -> list[Endpoint]:
        """The list, a run, the word that lifts its stop, and both to take away."""
        one: Mapping[str, type] = {"run_id": int}
        summary = "Say that orders may leave for a vendor again"
        return [
            Endpoint("GET", API, self.list_runs, "Statements laid beside the ledger", READERS,
                     query=RunQuery, answers={200: Runs}),
            Endpoint("GET", f"{API}/{{run_id}}", self.get_run, "A statement's differences", READERS,
                     params=one, answers={200: RunTold}),
            Endpoint("POST", f"{API}/{{run_id}}/lifts", self.lift, summary, DECIDERS, params=one,
                     body=Note, answers={200: RunTold}, repeat="header", limit=8 * 1024),
            Endpoint("GET", ADDRESS, self.show, "Statements laid beside the ledger", READERS,
                     query=RunQuery),
            Endpoint("GET", f"{ADDRESS}/{{run_id}}", self.show_one, "A statement's differences",
                     READERS, params=one),
            Endpoint("POST", f"{ADDRESS}/{{run_id}}/lifts", self.send, summary, DECIDERS,
                     params=one, body=Note, form=True, again=self.again, csrf="token",
                     repeat="form", limit=8 * 1024, confirm=True),
            *Exports(f"{ADDRESS}/exports", ADDRESS, "reconciliations", READERS, self.database,
                     load).endpoints(),
        ]  # fmt: skip

    async def list_runs(self, call: Call[None, RunQuery]) -> Runs:
        """A page of them."""
        return await self._runs(call, call.query)

    async def _runs(self, call: Call[Any, Any], query: RunQuery) -> Runs:
        async with self.database.reading(as_=call.operator) as conn:
            rows = await store.list_page(conn, query.cursor, query.vendor or None, query.show, PAGE)
            standing = await stops.list_standing(conn)
            lacking = await self._lacking(conn)
        shown = [RunShown(**row) for row in rows]
        more = str(shown[-1].run_id) if len(shown) == PAGE else None
        stopped = [StopShown(**row) for row in standing]
        return Runs(runs=shown, stops=stopped, lacking=lacking, next=more)

    async def _lacking(self, conn: Connection) -> list[LackShown]:
        """To whoever sees the vendors' whole accounts."""
        if not await directory.sees_all(conn):
            return []
        first = clock.service_day(await rewards.get_now(conn)) - LACKING
        rows = await store.list_lacking(conn, self.vendors, first)
        return [LackShown(**row) for row in rows]

    async def get_run(self, call: Call[Any, None]) -> RunTold:
        """One."""
        async with self.database.reading(as_=call.operator) as conn:
            return await _told(conn, call.params["run_id"])

    async def lift(self, call: Call[Note, None]) -> RunTold:
        """The run as it then is."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await repeats.once(conn, call, RunTold, partial(_lifted, conn, call))

    async def show(self, call: Call[Any, RunQuery]) -> Page:
        """The list, with what is stopped above it."""
        return await self.list_page(call, call.query)

    async def list_page(
        self,
        call: Call[Any, Any],
        query: RunQuery,
        refused: Refused | None = None,
        errors: Sequence[RowError] = (),
    ) -> Page:
        """The same, with the file that was not taken; `errors` are of its rows."""
        listing = await self._runs(call, query)
        kept = {"vendor": query.vendor, "show": query.show, "cursor": listing.next or ""}
        asked = urlencode({name: value for name, value in kept.items() if value})
        values = {
            "listing": listing,
            "query": query,
            "shows": SHOWS,
            "next_page": f"{ADDRESS}?{asked}" if listing.next else None,
            "asked": urlencode({"vendor": query.vendor, "show": query.show}),
            "vendors": self.vendors,
            "may_take": call.operator.role in access.REWARD_DECIDERS,
            "typed": call.fields if refused else NONE,
            "errors": [(one, texts(call.language).text(one.key, **one.values)) for one in errors],
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("reconciliations.html", values, refused=refused)

    async def show_one(self, call: Call[Any, None]) -> Page:
        """One, with the form where it stops a vendor."""
        return await self._page(call)

    async def send(self, call: Call[Note, None]) -> See:
        """Lifted, or signed; back to the run, which tells."""
        await self.lift(call)
        return See(f"{ADDRESS}/{call.params['run_id']}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The run with what was typed, and why it was not taken."""
        return await self._page(call, call.fields, refused)

    async def _page(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        run = await self.get_run(call)
        async with self.database.acquire() as conn:
            names = [run.actor, *(one.username for one in run.lifts)]
            people = await staff.list_names(conn, names)
        mine = any(one.username == call.operator.username for one in run.lifts)
        values = {
            "run": run,
            "people": people,
            "most": MOST_SHOWN,
            "may_lift": run.stopped and call.operator.role in access.REWARD_DECIDERS and not mine,
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("reconciliation.html", values, refused=refused)


async def _told(conn: Connection, run_id: int) -> RunTold:
    run = await store.get(conn, run_id)
    if run is None:
        raise NotFound("refused.no_run")
    found = await store.list_differences(conn, run_id, MOST_SHOWN)
    lifts = await stops.list_lifts(conn, run_id)
    return RunTold(
        **run,
        found=[DifferenceShown(**row) for row in found],
        lifts=[LiftShown(**row) for row in lifts],
    )


async def _lifted(conn: Connection, call: Call[Note, None]) -> RunTold:
    await lift(conn, call.params["run_id"], call.operator, call.body.note)
    return await _told(conn, call.params["run_id"])


async def load(conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]) -> Table:
    """A run's differences where one is asked for, else the runs of the list."""
    words = texts(call.language)
    run = asked.get("run", "")
    if text.is_digits(run) and len(run) < 19:
        found = await store.list_differences(conn, int(run), MOST + 1)
        rows = [
            (words.text(f"recon_{one['kind']}"), one["order_id"],
             _yuan(one["facts"].get("theirs_fen")), _yuan(one["facts"].get("ours_fen")),
             " ".join(f"{name}={value}" for name, value in one["facts"].items()))
            for one in found
        ]  # fmt: skip
        return Table(COLUMNS, rows, f"run={run}")
    show = asked.get("show", "all")
    show = show if show in SHOWS else "all"
    listed = await store.list_page(conn, None, asked.get("vendor") or None, show, MOST + 1)
    sums = ("paid_fen", "refunded_fen", "opening_fen", "closing_fen")
    table = [
        (one["day"].isoformat(), one["vendor"], one["rows"], *(_yuan(one[name]) for name in sums),
         one["differences"])
        for one in listed
    ]  # fmt: skip
    return Table(RUN_COLUMNS, table, urlencode({"show": show}))


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen).scaleb(-2)
