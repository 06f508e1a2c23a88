"""The list of who wants no more questions and invitations, kept without a number on it."""

from dataclasses import dataclass

from services.notifications.store import replies as store
from services.notifications.store.replies import StopChange
from services.notifications.views import Stop, StopBody, StopChanged, Stops
from shared import staff
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Invalid, Wrong
from shared.observe import log
from shared.values import phone
from shared.values.seal import Seal

_SHOWN = 50


@dataclass(frozen=True)
class Stopping:
    """A number is typed, hashed and forgotten; the log says who changed the list, not for whom."""

    conn: Connection
    seal: Seal

    async def show(self) -> Stops:
        """How many there are, and the newest changes."""
        rows = await store.list_changes(self.conn, _SHOWN)
        names = await staff.list_names(self.conn, [row["changed_by"] for row in rows])
        by = [names.get(row["changed_by"], row["changed_by"]) for row in rows]
        told = [dict(row) | {"changed_by": who} for row, who in zip(rows, by, strict=True)]
        changes = [StopChanged.model_validate(one) for one in told]
        return Stops(count=await store.count_stopped(self.conn), changes=changes)

    async def change(self, operator: Operator, body: StopBody) -> Stop:
        """Put a number on the list, or off it: then nothing of it is left. Invalid, Conflict."""
        reason = phone.hidden(body.reason.strip())
        if not reason:
            raise Invalid(Wrong("reason", "reason_needed"))
        number = _number(body.phone)
        change = StopChange(self.seal.index(number), body.stopped, operator.username, reason)
        if not await store.set_stopped(self.conn, change):
            key = "refused.already_stopped" if body.stopped else "refused.not_stopped"
            raise Conflict(key)
        log.get().info("list of who wants no SMS changed", reason=f"by {operator.username}")
        return Stop(phone=phone.mask(number), stopped=body.stopped)


def _number(typed: str) -> str:
    try:
        return phone.parse(typed)
    except ValueError:
        raise Invalid(Wrong("phone", "wrong.phone")) from None
