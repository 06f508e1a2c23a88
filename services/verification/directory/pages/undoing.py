"""Taking a change back: first what would be so again, then that it is."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from services.verification.directory import undo
from services.verification.directory.acts import KEEPERS, Rules
from services.verification.directory.pages import history
from services.verification.directory.pages.forms import ADDRESS, FORMS
from services.verification.directory.store import changes
from shared import access
from shared.db import Database
from shared.errors import Forbidden, NotFound, Refused
from shared.policy import Policies
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page, See

ONE = f"{ADDRESS}/changes/{{change_id}}"
_KEEPERS = staff((*access.UNIT_KEEPERS, *access.OFFICER_KEEPERS, *access.ACCOUNT_KEEPERS))


@dataclass(frozen=True)
class UndoPages:
    """`/desk/directory/changes/<id>`."""

    database: Database
    policies: Policies
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """The look at it, and the act."""
        one = {"change_id": int}
        return [
            Endpoint("GET", ONE, self.show, "A change of the directory, to take it back", _KEEPERS,
                     params=one),
            Endpoint("POST", ONE, self.undo, "Take a change of the directory back", _KEEPERS,
                     params=one, form=True, again=self.again, csrf="token", repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """What it changed, what it would be again, or why it stays."""
        return await self._page(call)

    async def undo(self, call: Call[None, None]) -> See:
        """So it is again; back to the thing."""
        own = call.params["change_id"]
        rules = Rules(self.policies.level_keys, self.seal)
        async with self.database.transaction(as_=call.operator) as conn:
            change = await changes.get_change(conn, own)
            if change is None:
                raise NotFound
            if change.kind == "operators" and not call.confirmed:
                raise Forbidden("refused.confirm_first")
            await repeats.once(
                conn, call, bool, partial(undo.undo, conn, rules, call.operator, change)
            )
        return See(f"{FORMS[change.kind].address(change.code)}?done=undone")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The same, and why it was not done."""
        return await self._page(call, refused)

    async def _page(self, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            change = await changes.get_change(conn, call.params["change_id"])
            if change is None or call.operator.role not in KEEPERS[change.kind]:
                raise NotFound
            [newest] = await changes.list_changes(conn, change.kind, change.code, 1)
            names = await history.names_of(conn, [change])
            stays = await undo.why_stays(conn, call.operator, change, newest.version)
        levels = {one.key: one.called(call.language) for one in self.policies.editions[-1].levels}
        values = {
            "change": change,
            "form": FORMS[change.kind],
            "who": names.get(change.changed_by or "", ""),
            "differences": history.differences(change),
            "stays": stays,
            "levels": levels,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("directory_undo.html", values, refused=refused)
