"""What waits for a person before it counts: its list, and the form that releases or sets aside."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

from services.verification.casework import held, queries
from services.verification.casework.acts import holds as acts
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import SUPERVISORS
from services.verification.casework.bulk_bodies import HoldBody
from shared.db import Database
from shared.errors import Refused
from shared.values import text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/held"


@dataclass(frozen=True)
class HoldPages:
    """`/desk/held`, for the level above the units."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list and its form."""
        row = partial(Endpoint, who=SUPERVISORS)
        return [
            row("GET", ADDRESS, self.show, "Submissions that wait for a person"),
            row("POST", ADDRESS, self.decide, "Release held submissions, or set them aside",
                body=HoldBody, form=True, again=self.again, csrf="token", repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The most pressing first."""
        return await self._page(call, _query(call.asking))

    async def decide(self, call: Call[HoldBody, None]) -> See:
        """Back to the list, which says how many were decided."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(acts.decide, conn, self.desk, call.operator, call.body)
            done = await repeats.once(conn, call, acts.HoldsEnded, doing)
        kept = "".join(f"&{name}={value}" for name, value in
                       (("unit", call.body.unit), ("held", call.body.held)) if value)  # fmt: skip
        return See(f"{ADDRESS}?done={done.done}&left={done.left}{kept}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was ticked and typed."""
        asked = {"unit": call.fields.one("unit"), "held": call.fields.one("held")}
        key = repeats.key_again(call, refused)
        return await self._page(call, _query(asked), call.fields, refused, key)

    async def _page(
        self,
        call: Call[Any, Any],
        query: queries.HoldQuery,
        typed: Fields = NONE,
        refused: Refused | None = None,
        key: str = "",
    ) -> Page:
        async with self.database.transaction(as_=call.operator) as conn:
            found = await held.load(conn, self.desk.seal, query)
        values = {
            "holds": found.items,
            "count": found.count,
            "query": query,
            "typed": typed,
            "key": key,
            "done": call.asked("done") if text.is_digits(call.asked("done")) else "",
        }
        return Page("held.html", values, refused=refused)


def _query(given: Any) -> queries.HoldQuery:
    # A link with a filter that we do not know shows the whole list, not an error.
    try:
        return queries.HoldQuery.model_validate({n: v for n, v in given.items() if v})
    except ValidationError:
        return queries.HoldQuery()
