"""Asking that several cases, ticked in a list, be one incident with one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.verification.casework import bulk_bodies, rows
from services.verification.casework.acts import bulk
from services.verification.casework.acts.bulk import Answered
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import WORKERS
from services.verification.casework.pages.bulk import ids_of
from services.verification.casework.store import lists
from services.verification.casework.store.lists import Wanted
from shared.db import Database
from shared.errors import Refused
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page

ADDRESS = "/desk/bulk/merge"


@dataclass(frozen=True)
class BulkMergePages:
    """`/desk/bulk/merge`: what is ticked beside each other, to be compared."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "Several cases beside each other", WORKERS),
            Endpoint("POST", ADDRESS, self.send, "Ask that they be one incident", WORKERS,
                     body=bulk_bodies.BulkMergeBody, form=True, again=self.again, csrf="token",
                     repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """Those that were ticked before."""
        return await self._page(call, call.asked_all("ids"))

    async def send(self, call: Call[bulk_bodies.BulkMergeBody, None]) -> Page:
        """For how many it was asked, and for which not."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.merge, conn, self.desk, call.operator, call.body)
            done = await repeats.once(conn, call, Answered, doing)
        return await self._page(call, (), done=done)

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was ticked, chosen and typed."""
        return await self._page(call, call.fields.all("ids"), call.fields, refused)

    async def _page(
        self,
        call: Call[Any, Any],
        ticked: Sequence[str],
        typed: Fields = NONE,
        refused: Refused | None = None,
        done: Answered | None = None,
    ) -> Page:
        wanted = Wanted(ids=ids_of(ticked))
        async with self.database.transaction(as_=call.operator) as conn:
            found = await lists.list_due(conn, call.operator, wanted, None, len(ticked) or 1)
            found = found if wanted.ids else []
            shown = await rows.load(conn, self.desk, call.operator, found, clock.now())
        there = {str(case.case_id) for case in found}
        values = {
            "rows": shown,
            "others": len(set(ticked) - there),
            "days": self.desk.policies.at(clock.now()).verification.second_review_days,
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
            "done": done,
        }
        return Page("bulk_merge.html", values, refused=refused)
