"""Totals that are kept instead of counted say what counting would say, at every moment."""

from uuid import UUID, uuid4

from services.intake.accept.store import submissions
from services.intake.accept.store.submissions import Received
from services.notifications.store import overview
from shared.db import Database
from tests.conftest import Clone
from tests.integration.test_notifications_api import ADD

_SUBMIT = """
    INSERT INTO submissions (id, receipt_hash, content_hash, kind, unit_code, satisfaction,
        categories, urgent, language, received_at, key_id, signature)
    VALUES ($1::uuid, sha256($1::uuid::text::bytea), '', $2, 'u', 4, '{}', false, 'zh', now(), '',
            '')
"""
_COUNTED = "SELECT purpose, state, count(*) FROM messages GROUP BY purpose, state"
_LOST = """
    UPDATE messages SET state = 'lost', settled_at = now(), next_at = NULL, phone_sealed = NULL
    WHERE state = 'unknown'
"""


async def test_what_was_received_is_counted_once_whenever_it_is_summed_up(clone: Clone) -> None:
    """Of two hours ago and of now, before it is summed up and after, and when it is done again."""
    database = await Database.connect(await clone("intake"), "intake")
    async with database.acquire() as conn:
        for hours, kind in ((2, "rating"), (2, "complaint"), (0, "rating"), (0, "request")):
            since = "SELECT first_id(now() - make_interval(hours => $1))"
            # A complaint of the next millisecond, not of the same.
            first = await conn.fetchval(since, hours)
            await conn.execute(_SUBMIT, UUID(int=first.int + len(kind)), kind)
        # As of before the older two.
        await conn.execute("UPDATE received_before SET id = first_id(now() - interval '1 day')")
        told = [await submissions.count_by_kind(conn)]
        for _ in range(2):
            await submissions.sum_up(conn)
            told.append(await submissions.count_by_kind(conn))
        kept = await conn.fetchrow("SELECT ratings, complaints, requests FROM received_before")
    await database.close()
    assert [Received(ratings=2, complaints=1, requests=1)] * 3 == told
    assert (1, 1, 0) == tuple(kept or ())


async def test_messages_are_counted_by_their_moves(clone: Clone) -> None:
    """Added, moved on, added up or not: the same as if all were counted, and none below zero."""
    database = await Database.connect(await clone("notifications"), "notifications")
    async with database.acquire() as conn:
        for state in ("held", "unknown", "unknown", "delivered"):
            await conn.execute(ADD, uuid4(), state)
        for step in (overview.add_up(conn, 3), conn.execute(_LOST), overview.add_up(conn, 100)):
            await step
            counted = {tuple(row)[:2]: row["count"] for row in await conn.fetch(_COUNTED)}
            assert counted == await overview.get_counts(conn)
        assert 0 == await conn.fetchval("SELECT count(*) FROM message_moves")
    await database.close()
    assert {("thanks", "held"): 1, ("thanks", "lost"): 2, ("thanks", "delivered"): 1} == counted
