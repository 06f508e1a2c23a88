"""A mismatch is kept for a person, and told loudly the first time that it is seen."""

from collections.abc import Mapping

from services.rewards import metrics
from services.rewards.rules.mismatches import Kind, Mismatch, is_disputed
from services.rewards.rules.orders import Sent
from services.rewards.rules.settling import contradicts
from services.rewards.store import mismatches, statements
from shared.db import Connection
from shared.observe import log
from shared.vendors.outcomes import Outcome, kind

SAID: Mapping[Kind, str] = {
    "two_orders": "two orders for one reward",
    "no_order": "payment without an order",
    "amount": "payment of another amount",
    "twice": "order carried out twice",
    "disputed": "answer against the statement",
    "denied": "paid order denied",
    "unlisted": "paid order not on the statement",
    "unconfirmed": "paid order not confirmed",
}


async def tell(conn: Connection, found: Mismatch) -> None:
    """Keep it; say so, if it is new."""
    if await mismatches.add(conn, found):
        log.get().error(
            SAID[found.kind], vendor=found.vendor, order_id=found.order_id,
            other_order_id=found.other_order_id, reward_id=found.reward_id and str(found.reward_id),
            outcome=found.facts.get("outcome"), code=found.facts.get("code"),
        )  # fmt: skip


def of(kind_: Kind, sent: Sent, outcome: Outcome) -> Mismatch:
    """What an answer shows of an order."""
    facts: dict[str, str | int] = {
        "outcome": kind(outcome), "code": outcome.code, "ours_fen": sent.order.amount_fen,
    }  # fmt: skip
    return Mismatch(kind_, sent.order.vendor, sent.order.order_id, sent.reward.id, facts=facts)


async def judge(conn: Connection, sent: Sent, outcome: Outcome) -> bool:
    """Whether an answer contradicts the vendor's own statement; then it is told."""
    disputed = is_disputed(await statements.get_listed(conn, sent.order), outcome)
    if disputed:
        await tell(conn, of("disputed", sent, outcome))
    return disputed


async def judge_paid(conn: Connection, sent: Sent, outcome: Outcome) -> None:
    """Of a reward's live order: what was paid and is denied now is counted, and told."""
    if contradicts(sent.reward.state, outcome):
        metrics.CONTRADICTIONS.labels(sent.order.vendor).inc()
        await tell(conn, of("denied", sent, outcome))
