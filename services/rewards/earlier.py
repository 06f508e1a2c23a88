"""Orders of before that were closed as failed: what the vendor says of them later is heard too."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from services.rewards import archive, metrics, mismatches, moves
from services.rewards.providers.protocol import Airtime
from services.rewards.rules import late
from services.rewards.rules.mismatches import Mismatch
from services.rewards.rules.orders import Sent
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.store import earlier, orders, rewards
from shared.db import Connection, Database
from shared.vendors.errand import Errand
from shared.vendors.outcomes import Accepted, Outcome, kind

# Perhaps paid, as the vendor's statement says: nothing new leaves meanwhile.
DISPUTED = Accepted(None, "disputed")


@dataclass(frozen=True)
class Earlier:
    """The questions about them: due by a report, by a statement, and a day after a write-off."""

    database: Database
    vendors: Sequence[Airtime]
    pace: Pace

    async def query(self) -> int:
        """How many were asked about."""
        return await archive.ask_all(self.database, self.vendors, self._asking, self._reading)

    def _asking(self, vendor: Airtime) -> Errand[Sent]:
        return Errand(
            name="ask_earlier",
            vendor=vendor.name,
            database=self.database,
            calls=metrics.OUTCOMES,
            claim=partial(self._claim, vendor.name),
            call=partial(self._ask, vendor),
            settle=self._settle,
            lease=self.pace.lease,
        )

    def _reading(self, vendor: str) -> Errand[Sent]:
        asking, claim = self._asking(self.vendors[0]), partial(self._claim_listed, vendor)
        window = self.pace.vendor_window
        return archive.reading(asking, "read_statement_earlier", vendor, claim, window)

    async def _ask(self, vendor: Airtime, sent: Sent) -> Outcome:
        return await archive.ask(self.database, vendor, sent.order, self.pace.vendor_window)

    async def _claim_listed(self, vendor: str, conn: Connection, most: int) -> list[Sent]:
        window = self.pace.vendor_window
        return await earlier.claim_listed(conn, window, vendor, self.pace.lease, most)

    async def _claim(self, vendor: str, conn: Connection, most: int) -> list[Sent]:
        return await earlier.claim(conn, vendor, self.pace.lease, most)

    async def _settle(self, conn: Connection, sent: Sent, outcome: Outcome) -> None:
        # An order that was found after all takes its place in the budgets.
        await rewards.lock_decisions(conn)
        reward = await rewards.claim_one(conn, sent.reward.id)
        if reward is None:
            return
        if await mismatches.judge(conn, sent, outcome):
            outcome = DISPUTED
        now, order_id = await rewards.get_now(conn), sent.order.order_id
        live = await orders.get_live(conn, reward.id)
        await orders.mark_answer(conn, order_id, kind(outcome), now)
        again = late.next_ask(reward, outcome, live is not None, sent.asked, now)
        await earlier.mark_ask(conn, order_id, again)
        await _follow(conn, reward, sent, live, outcome)


async def _follow(
    conn: Connection, reward: Reward, sent: Sent, live: str | None, outcome: Outcome
) -> None:
    now, means, order_id = await rewards.get_now(conn), late.meaning(outcome), sent.order.order_id
    if means == "paid" and live is None:
        await moves.note(conn, reward, "found", now, order_id, code=outcome.code)
    elif means in ("paid", "alive"):
        if reward.late_order is None:
            await moves.note(conn, reward, "overtaken", now, order_id)
        if live:
            facts = {"outcome": kind(outcome), "code": outcome.code}
            vendor = sent.order.vendor
            await mismatches.tell(
                conn, Mismatch("two_orders", vendor, order_id, reward.id, live, facts)
            )
    elif means == "gone" and reward.late_order == order_id:
        await moves.note(conn, reward, "cleared", now, order_id)
