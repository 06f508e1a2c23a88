"""HTTP of notifications: delivery reports, figures, and the held messages for an operator."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from services.notifications.providers.protocol import Provider
from services.notifications.rules import Purpose, State
from services.notifications.store import overview
from shared import access as identity
from shared.db import Database
from shared.errors import Conflict, NotFound
from shared.observe import log
from shared.vendors import reports
from shared.web.edge import json_response

HELD_SHOWN = 200


@dataclass(frozen=True)
class Api:
    """The handlers, with what they need."""

    database: Database
    vendor: Provider
    identity_public: bytes

    def routes(self) -> list[web.RouteDef]:
        """All routes of notifications."""
        return [
            web.get("/api/v1/figures", self.figures),
            web.post(reports.PATH, self.take_report),
            web.get("/api/v1/messages/held", self.list_held),
            web.post("/api/v1/messages/{message_id}/release", self.release),
        ]

    async def figures(self, _: web.Request) -> web.Response:
        """Counts for the public table of rule 16."""
        async with self.database.acquire() as conn:
            counts = await overview.get_counts(conn)
        return json_response(figures_of(counts))

    async def take_report(self, request: web.Request) -> web.Response:
        """A delivery report: a hint to ask now, never a fact."""
        reports.check(self.vendor, request.match_info["vendor"], request.match_info["secret"])
        told = reports.read(self.vendor, await request.read())
        async with self.database.transaction() as conn:
            await overview.mark_hinted(conn, [ref for text in told if (ref := _uuid(text))])
        log.get().info("report received", size=len(told), vendor=self.vendor.name)
        reply = self.vendor.reply
        return web.Response(text=reply.text, content_type=reply.content_type)

    async def list_held(self, request: web.Request) -> web.Response:
        """What waits for a person, and the vendor's word for why."""
        self._check(request, "city_supervisor", "auditor", "administrator")
        async with self.database.acquire() as conn:
            rows = await overview.list_held(conn, HELD_SHOWN)
        return json_response({"messages": [dict(row) for row in rows]})

    async def release(self, request: web.Request) -> web.Response:
        """Queue a held message again, after its cause was mended."""
        operator = self._check(request, "administrator")
        message_id = _uuid(request.match_info["message_id"])
        if message_id is None:
            raise NotFound("No such message.")
        async with self.database.transaction() as conn:
            if not await overview.mark_released(conn, message_id):
                raise Conflict("Only a held message can be released.")
        log.get().info("message released", message_id=message_id, reason=f"by {operator.username}")
        return json_response({"message_id": message_id, "state": "queued"})

    def _check(self, request: web.Request, *roles: identity.Role) -> identity.Operator:
        return identity.check(request.headers.get("Authorization"), self.identity_public, *roles)


def figures_of(counts: dict[tuple[Purpose, State], int]) -> dict[str, int]:
    """Sent means that the vendor took it."""

    def total(*states: State, purpose: Purpose | None = None) -> int:
        return sum(n for (p, s), n in counts.items() if s in states and purpose in (None, p))

    return {
        "thanks": total("accepted", "delivered", purpose="thanks"),
        "thanks_delivered": total("delivered", purpose="thanks"),
        "paid_messages": total("accepted", "delivered", purpose="paid"),
        "paid_messages_delivered": total("delivered", purpose="paid"),
        "failed": total("failed"),
        "unknown": total("unknown", "lost"),
        "held": total("held"),
        "queued": total("queued", "sending"),
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
