"""The two days for people: what is unpaid and why, the first due first; and what came late."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from services.rewards import views
from services.rewards.api import PAGE, READERS
from services.rewards.rules.causes import cause
from services.rewards.store import alerts, directory, lateness, rewards
from services.rewards.store.lateness import Row
from services.rewards.views import LateListing, LateQuery, LateShown
from shared.db import Connection, Database
from shared.policy import Policies
from shared.values.counting import MOST
from shared.values.seal import Seal
from shared.web.counted import counted
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page


@dataclass(frozen=True)
class Lateness:
    """`/api/v1/lateness` and `/lateness`."""

    database: Database
    vendors: Collection[str]
    seal: Seal
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        summary = "What is unpaid and why, and what was paid late"
        return [
            Endpoint(
                "GET", "/api/v1/lateness", self.list_late, summary, READERS,
                query=LateQuery, answers={200: LateListing},
            ),
            Endpoint("GET", "/lateness", self.show, summary, READERS, query=LateQuery),
        ]  # fmt: skip

    async def list_late(self, call: Call[None, LateQuery]) -> LateListing:
        """A page of them."""
        query = call.query
        load = lateness.list_unpaid if query.show == "unpaid" else lateness.list_paid_late
        async with self.database.reading(as_=call.operator) as conn:
            rows = await load(conn, query.cursor, PAGE)
            now = await rewards.get_now(conn)
            last = await alerts.get_last(conn)
            hours = self.policies.at(now).reward.alert_hours
            return LateListing(
                rewards=await self._shown(conn, rows),
                next=str(rows[-1].seq) if len(rows) == PAGE else None,
                alert_at=now + timedelta(hours=hours),
                alerted_at=last.alerted_at if last else None,
                waiting_for_phone=await lateness.count_waiting_for_phone(conn, MOST),
                now=now,
            )

    async def _shown(self, conn: Connection, rows: list[Row]) -> list[LateShown]:
        found = [row.reward for row in rows]
        names = await directory.list_names(conn, {reward.unit_code for reward in found})
        since = await lateness.list_since(conn, found)
        around = await lateness.list_circumstances(conn, found, self.vendors)
        return [
            LateShown(
                **views.values_of(row.reward, self.seal, names),
                since=since.get(str(row.reward.id)),
                cause=cause(row.then_state or row.reward.state, around[str(row.reward.id)]),
            )
            for row in rows
        ]

    async def show(self, call: Call[None, LateQuery]) -> Page:
        """The list, and what is to be done about each cause."""
        listing, show = await self.list_late(call), call.query.show
        more = "/lateness?" + urlencode({"show": show, "cursor": listing.next or ""})
        values = {
            "listing": listing,
            "show": show,
            "waiting": counted(listing.waiting_for_phone, call.language),
            "next_page": more if listing.next else None,
        }
        return Page("lateness.html", values)
