"""What people are shown of messages: their states, ages, costs and why they wait; phones masked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.notifications.rules.messages import resending
from services.notifications.rules.sparing import Spent, Terms, Thrift, waits
from services.notifications.store import overview, replies, spending
from services.notifications.views import (
    SHOWN,
    Day,
    Detail,
    Listing,
    ListQuery,
    MessageShown,
    ResentBy,
    Step,
    Waits,
    cursor_of,
)
from shared import staff
from shared.db import Connection
from shared.errors import NotFound
from shared.values import clock, phone
from shared.values.seal import Seal, SealBroken


@dataclass(frozen=True)
class Showing:
    """By the purses and hours of this moment, at the price of the vendor who is called now."""

    seal: Seal
    thrift: Thrift
    vendor: str

    async def listing(self, conn: Connection, query: ListQuery) -> Listing:
        """A page of them."""
        wanted = overview.Wanted(query.state, query.purpose, query.vendor, query.before)
        rows = await overview.list_newest(conn, wanted, SHOWN + 1)
        terms, now = self._terms()
        spent = await spending.get(conn, terms.day)
        shown = [MessageShown(**self._row(row, terms, spent, now)) for row in rows[:SHOWN]]
        last = shown[-1] if len(rows) > SHOWN else None
        return Listing(messages=shown, next=cursor_of(last) if last else None)

    async def detail(self, conn: Connection, message_id: UUID) -> Detail:
        """One, with every state it was in. NotFound."""
        row = await overview.get(conn, message_id)
        if row is None:
            raise NotFound("refused.no_message")
        terms, now = self._terms()
        shown = self._row(row, terms, await spending.get(conn, terms.day), now)
        again = await self._resent_by(conn, message_id)
        may = resending(
            row["state"], row["purpose"],
            phone=row["phone_sealed"] is not None, answered=row["answered"],
        )  # fmt: skip
        return Detail(
            **shown,
            steps=[Step(**step) for step in await overview.list_steps(conn, message_id)],
            resent_by=again,
            resending=None if row["resent_as"] else may,
        )

    async def _resent_by(self, conn: Connection, message_id: UUID) -> ResentBy | None:
        row = await overview.get_resend(conn, message_id)
        if row is None:
            return None
        names = await staff.list_names(conn, [row["by"]])
        return ResentBy(**dict(row) | {"by": names.get(row["by"], row["by"])})

    async def day(self, conn: Connection) -> Day:
        """What it has cost, how much it may, what waits now."""
        terms, now = self._terms()
        spent, rule = await spending.get(conn, terms.day), terms.sparing.rule
        due = await overview.count_due(conn)
        held = {one: why for one in due if (why := waits(terms.sparing, spent, terms.fen, one))}
        zone = self.thrift.policies.at(now).zone
        return Day(
            fen=spent.day_fen, most_fen=rule.day_fen, reserve_fen=spent.reserve_fen,
            most_reserve_fen=rule.reserve_fen, price_fen=terms.fen,
            waiting=sum(due[one] for one in held),
            over_cap=sum(due[one] for one, why in held.items() if why != "quiet"),
            quiet_until=rule.wakes(now, zone) if terms.sparing.quiet else None,
            stopped=await replies.count_stopped(conn),
        )  # fmt: skip

    def _terms(self) -> tuple[Terms, datetime]:
        now = clock.now()
        return self.thrift.terms(self.vendor, now), now

    def _row(self, row: Record, terms: Terms, spent: Spent, now: datetime) -> dict[str, object]:
        told = {name: row[name] for name in MessageShown.model_fields if name in row}
        return told | {
            "phone": self._mask(row),
            "age_seconds": int(row["age"].total_seconds()),
            "waits": _why(row, terms, spent, now),
        }

    def _mask(self, row: Record) -> str | None:
        if row["phone_sealed"] is None:
            return None
        try:
            clear = self.seal.open(row["phone_sealed"], f"phone:{row['submission_id']}")
        except SealBroken:
            return None
        return phone.mask(clear)


def _why(row: Record, terms: Terms, spent: Spent, now: datetime) -> Waits | None:
    if row["state"] != "queued":
        return None
    if row["not_before"] and row["not_before"] > now:
        return "later"
    return waits(terms.sparing, spent, terms.fen, row["purpose"])
