"""Orders of before that were closed as failed: what the vendor says of them later is heard too."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from services.rewards import metrics, moves
from services.rewards.providers.protocol import Airtime
from services.rewards.rules import late
from services.rewards.rules.orders import Sent
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.store import earlier, orders, rewards
from shared.db import Connection, Database
from shared.observe import log
from shared.vendors.errand import Errand
from shared.vendors.outcomes import Outcome, kind


@dataclass(frozen=True)
class Earlier:
    """The questions about them: due by a report, by a statement, and a day after a write-off."""

    database: Database
    vendors: Sequence[Airtime]
    pace: Pace

    async def query(self) -> int:
        """How many were asked about."""
        return sum([await self._asking(vendor).run() for vendor in self.vendors])

    def _asking(self, vendor: Airtime) -> Errand[Sent]:
        return Errand(
            name="ask_earlier",
            vendor=vendor.name,
            database=self.database,
            calls=metrics.OUTCOMES,
            claim=partial(self._claim, vendor.name),
            call=lambda sent: vendor.ask(sent.order),
            settle=self._settle,
            lease=self.pace.lease,
        )

    async def _claim(self, vendor: str, conn: Connection, most: int) -> list[Sent]:
        return await earlier.claim(conn, vendor, self.pace.lease, most)

    async def _settle(self, conn: Connection, sent: Sent, outcome: Outcome) -> None:
        reward = await rewards.claim_one(conn, sent.reward.id)
        if reward is None:
            return
        now, order_id = await rewards.get_now(conn), sent.order.order_id
        live = await orders.get_live(conn, reward.id)
        await orders.mark_answer(conn, order_id, kind(outcome), now)
        again = late.next_ask(reward, outcome, live is not None, sent.asked, now)
        await earlier.mark_ask(conn, order_id, again)
        await _follow(conn, reward, order_id, live, outcome)


async def _follow(
    conn: Connection, reward: Reward, order_id: str, live: str | None, outcome: Outcome
) -> None:
    now, means = await rewards.get_now(conn), late.meaning(outcome)
    if means == "paid" and live is None:
        await moves.note(conn, reward, "found", now, order_id, code=outcome.code)
    elif means in ("paid", "alive"):
        if reward.late_order is None:
            await moves.note(conn, reward, "overtaken", now, order_id)
        if live and await earlier.add_mismatch(conn, order_id, live, reward.id, now):
            _tell(reward, order_id, live, outcome)
    elif means == "gone" and reward.late_order == order_id:
        await moves.note(conn, reward, "cleared", now, order_id)


def _tell(reward: Reward, order_id: str, other: str, outcome: Outcome) -> None:
    log.get().error(
        "two orders for one reward", reward_id=str(reward.id), order_id=order_id,
        other_order_id=other, outcome=kind(outcome), code=outcome.code,
    )  # fmt: skip
