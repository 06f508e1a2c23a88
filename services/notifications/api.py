"""HTTP of notifications: what vendors bring, figures, the messages, and who wants no more."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.notifications import views
from services.notifications.hearing import Hearing
from services.notifications.providers.protocol import Provider
from services.notifications.resending import Resending
from services.notifications.rules.shares import Record
from services.notifications.rules.sparing import Thrift
from services.notifications.showing import Showing
from services.notifications.stopping import Stopping
from services.notifications.store import overview, shares
from shared import access
from shared.db import Connection, Database
from shared.errors import Conflict
from shared.observe import log
from shared.policy import Policies
from shared.values.seal import Seal
from shared.vendors import reports
from shared.vendors.vendor import NotAReport
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
    vendors: Sequence[Provider]
    seal: Seal
    thrift: Thrift

    @property
    def policies(self) -> Policies:
        """By which SMS are spared."""
        return self.thrift.policies

    @property
    def showing(self) -> Showing:
        """What is shown of messages, and of a day."""
        return Showing(self.seal, self.thrift, self.vendors[0].name)

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        one = partial(Endpoint, params={"message_id": UUID})
        return [
            statistics(self.figures, "Counts of SMS", views.Figures),
            Endpoint(
                "GET", "/api/v1/messages/held", self.list_held,
                "SMS that wait for a person to mend something", READERS,
                answers={200: views.Held},
            ),
            Endpoint(
                "GET", "/api/v1/messages", self.list_messages, "SMS, newest first", READERS,
                query=views.ListQuery, answers={200: views.Listing},
            ),
            one(
                "GET", "/api/v1/messages/{message_id}", self.get_message, "One SMS", READERS,
                answers={200: views.Detail},
            ),
            one(
                "POST", "/api/v1/messages/{message_id}/release", self.release,
                "Queue a held SMS again, after its cause was mended", MENDERS,
                answers={200: views.Released}, repeat="header",
            ),
            one(
                "POST", "/api/v1/messages/{message_id}/resend", self.resend,
                "Send an SMS again that did not arrive, with a reason", MENDERS,
                body=views.ResendBody, answers={201: views.Resent}, repeat="header",
            ),
            Endpoint(
                "GET", "/api/v1/sms-day", self.get_day, "What today's SMS cost and wait for",
                READERS, answers={200: views.Day},
            ),
            Endpoint(
                "GET", "/api/v1/stops", self.list_stops, "How many want no more SMS, and changes",
                READERS, answers={200: views.Stops},
            ),
            Endpoint(
                "POST", "/api/v1/stops", self.change_stop,
                "Note that somebody wants no more SMS, or wants them again", MENDERS,
                body=views.StopBody, answers={200: views.Stop}, repeat="header",
            ),
            report(reports.PATH, self.take_report, "The vendor's report of deliveries"),
            report(reports.INBOUND, self.take_replies, "What citizens wrote back by SMS"),
        ]  # fmt: skip

    async def figures(self, _: Call[Any, Any]) -> views.Figures:
        """Counts for the public table of rule 16."""
        async with self.database.acquire() as conn:
            return views.figures_of(await overview.get_counts(conn))

    async def list_held(self, call: Call[Any, Any]) -> views.Held:
        """What waits for a person, and the vendor's word for why."""
        async with self.database.reading(as_=call.operator) as conn:
            rows = await overview.list_held(conn, HELD_SHOWN)
        return views.Held(messages=[views.HeldMessage(**row) for row in rows])

    async def list_messages(self, call: Call[None, views.ListQuery]) -> views.Listing:
        """By state, purpose or vendor if wanted."""
        return await self.listing(call, call.query)

    async def listing(self, call: Call[Any, Any], query: views.ListQuery) -> views.Listing:
        """The same for a page that was asked for otherwise."""
        async with self.database.reading(as_=call.operator) as conn:
            return await self.showing.listing(conn, query)

    async def get_message(self, call: Call[None, None]) -> views.Detail:
        """With every state it was in."""
        async with self.database.transaction(as_=call.operator) as conn:
            return await self.showing.detail(conn, call.params["message_id"])

    async def get_day(self, call: Call[Any, Any]) -> views.Day:
        """By both purses; until when it is quiet."""
        async with self.database.reading(as_=call.operator) as conn:
            return await self.showing.day(conn)

    async def list_shares(self, call: Call[Any, Any]) -> list[views.VendorShare]:
        """Of every vendor in use, once shares have been noted."""
        async with self.database.transaction(as_=call.operator) as conn:
            held, _ = await shares.get(conn)
            records = await shares.get_records(conn)
        return [
            views.VendorShare(**asdict(one), **asdict(records.get(one.vendor, Record())))
            for one in held
        ]

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

    async def resend(self, call: Call[views.ResendBody, None]) -> views.Resent:
        """As a message of its own, which says of which it takes the place."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(Resending(conn, call.operator).resend, call.params["message_id"])
            return await repeats.once(conn, call, views.Resent, partial(doing, call.body))

    async def list_stops(self, call: Call[None, None]) -> views.Stops:
        """Nobody's number is among it: they are kept as hashes."""
        async with self.database.reading(as_=call.operator) as conn:
            return await Stopping(conn, self.seal).show()

    async def change_stop(self, call: Call[views.StopBody, None]) -> views.Stop:
        """For who tells a member of staff instead of writing an SMS."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(Stopping(conn, self.seal).change, call.operator, call.body)
            return await repeats.once(conn, call, views.Stop, doing)

    async def take_report(self, call: Call[None, None]) -> Text:
        """A delivery report: a hint to ask now, never a fact."""
        vendor = self._vendor(call)
        told = reports.read(vendor, call.raw, call.headers)
        async with self.database.transaction() as conn:
            await overview.mark_hinted(conn, vendor.name, [t for t in told if "\0" not in t])
        log.get().info("report received", size=len(told), vendor=vendor.name)
        return Text(vendor.reply.text, vendor.reply.content_type)

    async def take_replies(self, call: Call[None, None]) -> Text:
        """Each once, however often the vendor brings it."""
        vendor = self._vendor(call)
        try:
            told = vendor.read_inbound(call.raw, call.headers)
        except NotAReport as error:
            raise reports.refused(vendor, error) from None
        async with self.database.transaction() as conn:
            await Hearing(self.seal, self.policies).take(conn, vendor.name, told)
        return Text(vendor.reply.text, vendor.reply.content_type)

    def _vendor(self, call: Call[None, None]) -> Provider:
        return reports.addressed(self.vendors, call.params["vendor"], call.params["secret"])
