"""Assigning many cases at once, from above."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from services.verification.casework import bodies, rows
from services.verification.casework.acts import bulk
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import SUPERVISORS
from services.verification.casework.store import lists, workers
from services.verification.casework.store.lists import Wanted
from shared.db import Database
from shared.errors import Refused
from shared.values import clock, text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, Page, See
from shared.web.forms import NONE, Fields

ADDRESS = "/desk/bulk/assign"
_MOST = 100


@dataclass(frozen=True)
class BulkPages:
    """`/desk/bulk/assign`: the most pressing cases that nobody leads, perhaps of one unit."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "Cases that nobody leads", SUPERVISORS),
            Endpoint("POST", ADDRESS, self.send, "Say who leads several cases", SUPERVISORS,
                     body=bodies.BulkLeadBody, form=True, again=self.again, csrf="token",
                     repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The list, with nothing ticked."""
        return await self._page(call, _unit(call.asked("unit")))

    async def send(self, call: Call[bodies.BulkLeadBody, None]) -> See:
        """Back to the list, which says how many were assigned."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.assign, conn, self.desk, call.operator, call.body)
            done = await repeats.once(conn, call, int, doing)
        unit = {"unit": call.body.unit} if call.body.unit else {}
        return See(f"{ADDRESS}?{urlencode({'done': done, **unit})}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was ticked and typed."""
        key = repeats.key_again(call, refused)
        unit = _unit(call.fields.one("unit"))
        return await self._page(call, unit, call.fields, refused, key)

    async def _page(
        self,
        call: Call[Any, Any],
        unit: str | None,
        typed: Fields = NONE,
        refused: Refused | None = None,
        key: str = "",
    ) -> Page:
        wanted = Wanted(units=[unit] if unit else None)
        async with self.database.transaction(as_=call.operator) as conn:
            due = await lists.list_due(conn, call.operator, wanted, None, _MOST)
            free = [case for case in due if case.lead is None]
            shown = await rows.load(conn, self.desk, call.operator, free, clock.now())
            people = (
                await workers.list_workers(conn, unit)
                if unit
                else await workers.list_at(conn, call.operator.scope)
            )
        values = {
            "rows": shown,
            "people": people,
            "unit": unit or "",
            "typed": typed,
            "refused": refused,
            "key": key,
            "hour": rows.hour,
            "done": call.asked("done") if text.is_digits(call.asked("done")) else "",
        }
        return Page("bulk_assign.html", values, int(refused.status) if refused else 200)


def _unit(typed: str) -> str | None:
    # A unit that nobody could have is as good as none.
    try:
        return bodies.ListQuery.model_validate({"unit": typed or None}).unit
    except ValidationError:
        return None
