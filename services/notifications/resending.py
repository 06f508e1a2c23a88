"""A person sends an SMS again: with a reason, and knowing where it may have arrived before."""

from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from services.notifications.rules.messages import resending
from services.notifications.store import overview
from services.notifications.store.overview import Resend
from services.notifications.views import ResendBody, Resent
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Invalid, NotFound, Wrong
from shared.observe import log, trace
from shared.values import phone


@dataclass(frozen=True)
class Resending:
    """What who is signed in may do about a message that is settled, or of which nobody knows."""

    conn: Connection
    operator: Operator

    async def resend(self, message_id: UUID, body: ResendBody) -> Resent:
        """Queue another in its place. NotFound, Conflict, Invalid."""
        row = await overview.get(self.conn, message_id)
        if row is None:
            raise NotFound("refused.no_message")
        if row["resent_as"]:
            raise Conflict("refused.message_resent")
        how = resending(
            row["state"], row["purpose"],
            phone=row["phone_sealed"] is not None, answered=row["answered"],
        )  # fmt: skip
        if how is None:
            raise Conflict("refused.message_not_resendable")
        reason = phone.hidden(body.reason.strip())
        if not reason:
            raise Invalid(Wrong("reason", "reason_needed"))
        if how == "confirmed" and not body.confirmed:
            raise Invalid(Wrong("confirmed", "wrong.resend_confirmed"))
        own = uuid7()
        resend = Resend(own, message_id, self.operator.username, reason, body.confirmed)
        if not await overview.add_resend(self.conn, resend, trace.current()):
            raise Conflict("refused.message_resent")
        reason = f"by {self.operator.username}"
        log.get().info("message sent again", message_id=str(own), reason=reason)
        return Resent(message_id=own, resend_of=message_id, state="queued")
