"""Assigning many cases at once, from above."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.verification.casework import bulk_bodies, queries, rows
from services.verification.casework.acts import bulk
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import SUPERVISORS
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import lists, workers
from services.verification.casework.store.lists import Wanted
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Refused
from shared.values import clock, text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/bulk/assign"
MOST = 100
_IDS = TypeAdapter(tuple[UUID, ...])


@dataclass(frozen=True)
class BulkPages:
    """`/desk/bulk/assign`: the most pressing cases that nobody leads, perhaps of one unit.

    Before them stand those that were ticked in a list, whoever leads these.
    """

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "Cases that nobody leads", SUPERVISORS),
            Endpoint("POST", ADDRESS, self.send, "Say who leads several cases", SUPERVISORS,
                     body=bulk_bodies.BulkLeadBody, form=True, again=self.again, csrf="token",
                     repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The list; what is ticked was ticked before."""
        return await self._page(call, unit_of(call.asked("unit")), call.asked_all("ids"))

    async def send(self, call: Call[bulk_bodies.BulkLeadBody, None]) -> See:
        """Back to the list, which says how many were assigned."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.assign, conn, self.desk, call.operator, call.body)
            done = await repeats.once(conn, call, int, doing)
        unit = {"unit": call.body.unit} if call.body.unit else {}
        return See(f"{ADDRESS}?{urlencode({'done': done, **unit})}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was ticked and typed."""
        key = repeats.key_again(call, refused)
        unit, ticked = unit_of(call.fields.one("unit")), call.fields.all("ids")
        return await self._page(call, unit, ticked, call.fields, refused, key)

    async def _page(
        self,
        call: Call[Any, Any],
        unit: str | None,
        ticked: Sequence[str],
        typed: Fields = NONE,
        refused: Refused | None = None,
        key: str = "",
    ) -> Page:
        wanted = Wanted(units=[unit] if unit else None)
        async with self.database.reading(as_=call.operator) as conn:
            due = await list_ticked(conn, call.operator, wanted, ticked)
            free = [case for case in due if case.lead is None or str(case.case_id) in ticked]
            shown = await rows.load(conn, self.desk, call.operator, free, clock.now())
            people = (
                await workers.list_workers(conn, unit)
                if unit
                else await workers.list_at(conn, call.operator.scope)
            )
        values = {
            "rows": shown,
            "ticked": ticked,
            "others": len(set(ticked) - {str(case.case_id) for case in due}),
            "people": people,
            "unit": unit or "",
            "typed": typed,
            "key": key,
            "hour": rows.hour,
            "done": call.asked("done") if text.is_digits(call.asked("done")) else "",
        }
        return Page("bulk_assign.html", values, refused=refused)


async def list_ticked(
    conn: Connection, operator: Operator, wanted: Wanted, ticked: Collection[str]
) -> list[Case]:
    """Those that are ticked, wherever they are, and then the most pressing."""
    ids = ids_of(ticked)
    these = replace(wanted, units=None, ids=ids)
    first = await lists.list_due(conn, operator, these, None, MOST) if ids else []
    rest = await lists.list_due(conn, operator, wanted, None, MOST)
    return list({case.case_id: case for case in (*first, *rest)}.values())


def ids_of(ticked: Collection[str]) -> tuple[UUID, ...]:
    """The cases that are ticked, perhaps with the revision that was seen; none of nonsense."""
    try:
        return _IDS.validate_python([one.partition(".")[0] for one in ticked][:MOST])
    except ValidationError:
        return ()


def unit_of(typed: str) -> str | None:
    """The unit that is asked for; one that nobody could have is as good as none."""
    try:
        return queries.ListQuery.model_validate({"unit": typed or None}).unit
    except ValidationError:
        return None
