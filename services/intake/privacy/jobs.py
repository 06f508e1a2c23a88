"""What is forgotten by the clock."""

from datetime import timedelta

from services.intake.privacy import store
from shared.bus import outbox
from shared.db import Database
from shared.events import ContactErased
from shared.observe import log
from shared.policy import Policies
from shared.values import clock

AT_ONCE = 200


async def erase_due(database: Database, policies: Policies) -> int:
    """Forget what is older than the policy keeps it, or was asked to be forgotten; how many.

    Rows and news of one batch in one transaction; several instances take different rows.
    """
    now = clock.now()
    before = now - timedelta(days=policies.at(now).privacy.kept_days)
    async with database.transaction() as conn, outbox.collecting(conn):
        due = await store.claim_due(conn, before, now, AT_ONCE)
        if due:
            await store.erase(conn, due)
        for submission_id, _ in due:
            await outbox.publish(conn, ContactErased(submission_id=submission_id, erased_at=now))
    if due:
        log.get().info("contacts erased", count=len(due))
    return len(due)
