"""Before two days are missed somebody hears of it: one SMS for all that is unpaid (rule 8)."""

from uuid_utils.compat import uuid7

from services.rewards.rules.alerts import Alert, looked_at_until, span
from services.rewards.store import alerts, rewards
from shared.bus.outbox import publish
from shared.db import Database
from shared.events import DeadlineNeared
from shared.observe import log
from shared.policy import Policies


async def alert(database: Database, policies: Policies) -> int:
    """Tell of unpaid rewards that are nearly late, or late; 1 if there was something to tell.

    Whose phone that is, verification knows.
    """
    async with database.transaction() as conn:
        await alerts.lock(conn)
        now = await rewards.get_now(conn)
        policy = policies.at(now)
        told = span(now, policy, await alerts.get_last(conn))
        due_at = await alerts.get_first_due(conn, told) if told else None
        if due_at is None:
            return 0
        one = Alert(uuid7(), due_at, looked_at_until(now, policy), now)
        await alerts.add(conn, one)
        await publish(conn, DeadlineNeared.of(one))
    log.get().warning("duty told of rewards nearly late")
    return 1
