"""HTTP of notifications: delivery reports, figures, and the held messages for an operator."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from services.notifications import views
from services.notifications.providers.protocol import Provider
from services.notifications.store import overview
from shared import access
from shared.db import Connection, Database
from shared.errors import Conflict
from shared.observe import log
from shared.vendors import reports
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, report, staff, statistics
from shared.web.replies import Text

HELD_SHOWN = 200
READERS = staff(access.MESSAGE_READERS)
MENDERS = staff(access.MESSAGE_MENDERS)


@dataclass(frozen=True)
class Api:
    """The handlers, with what they need."""

    database: Database
    vendor: Provider

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            statistics(self.figures, "Counts of SMS", views.Figures),
            Endpoint(
                "GET", "/api/v1/messages/held", self.list_held,
                "SMS that wait for a person to mend something", READERS,
                answers={200: views.Held},
            ),
            Endpoint(
                "POST", "/api/v1/messages/{message_id}/release", self.release,
                "Queue a held SMS again, after its cause was mended", MENDERS,
                params={"message_id": UUID}, answers={200: views.Released}, repeat="header",
            ),
            report(reports.PATH, self.take_report, "The vendor's report of deliveries"),
        ]  # fmt: skip

    async def figures(self, _: Call[None, None]) -> views.Figures:
        """Counts for the public table of rule 16."""
        async with self.database.acquire() as conn:
            return views.figures_of(await overview.get_counts(conn))

    async def list_held(self, call: Call[None, None]) -> views.Held:
        """What waits for a person, and the vendor's word for why."""
        async with self.database.transaction(as_=call.operator) as conn:
            rows = await overview.list_held(conn, HELD_SHOWN)
        return views.Held(messages=[views.HeldMessage(**row) for row in rows])

    async def release(self, call: Call[None, None]) -> views.Released:
        """Queued again."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await repeats.once(
                conn, call, views.Released, partial(self._release, conn, call)
            )

    async def _release(self, conn: Connection, call: Call[None, None]) -> views.Released:
        message_id = call.params["message_id"]
        if not await overview.mark_released(conn, message_id):
            raise Conflict("refused.message_not_held")
        reason = f"by {call.operator.username}"
        log.get().info("message released", message_id=message_id, reason=reason)
        return views.Released(message_id=message_id, state="queued")

    async def take_report(self, call: Call[None, None]) -> Text:
        """A delivery report: a hint to ask now, never a fact."""
        reports.check(self.vendor, call.params["vendor"], call.params["secret"])
        told = reports.read(self.vendor, call.raw, call.headers)
        async with self.database.transaction() as conn:
            await overview.mark_hinted(conn, [ref for text in told if (ref := _uuid(text))])
        log.get().info("report received", size=len(told), vendor=self.vendor.name)
        return Text(self.vendor.reply.text, self.vendor.reply.content_type)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
