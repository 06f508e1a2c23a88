"""The phone that is paged at one's own place when something urgent comes in."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from services.verification.paging import acts, store
from services.verification.paging.acts import DutyPhoneBody
from shared import access
from shared.db import Database
from shared.errors import Refused
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/duty-phone"
WORKERS = staff(access.CASE_WORKERS)
_LISTED = 20


@dataclass(frozen=True)
class DutyPhonePages:
    """`/desk/duty-phone`."""

    database: Database
    policies: Policies
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """The page and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "The duty phone of one's place", WORKERS),
            Endpoint(
                "POST", ADDRESS, self.keep, "Say which phone is paged", WORKERS,
                body=DutyPhoneBody, form=True, again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The phone, masked, and who changed it when."""
        return await self._page(call)

    async def keep(self, call: Call[DutyPhoneBody, None]) -> See:
        """Kept; back to the page, which tells."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(acts.keep_phone, conn, self.seal, call.operator, call.body)
            await repeats.once(conn, call, str, doing)
        return See(f"{ADDRESS}?done=1")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was typed."""
        return await self._page(call, call.fields, refused)

    async def _page(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            changes = await store.list_changes(conn, call.operator.scope, _LISTED)
            root = await store.is_root(conn, call.operator.scope)
        values = {
            "changes": [(one, acts.masked(self.seal, one)) for one in changes],
            "root": root,
            "rule": self.policies.at(clock.now()).urgent,
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
            "done": call.asked("done") == "1",
        }
        return Page("duty_phone.html", values, refused=refused)
