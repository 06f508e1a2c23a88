"""What can only be added to: by the service's own role, and by the owner of the tables, too."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.rewards.store import history
from shared.db import Database
from tests.conftest import Clone
from tests.integration.test_rewards_decisions import hear, verified

SERVICE = "rewards"
# What was done about waiting events, in every service.
CONSOLE = ("console_acts", "console_ends", "console_events")
# Nobody changes it, not even by hand.
GUARDED = {
    "intake": (
        "timeline",
        "submissions",
        "additions",
        "receipt_keys",
        "draws",
        "invited",
        "declined",
        "open311_sent",
        "filings",
        "sample_commitments",
        "sample_reveals",
        "sample_lots",
        "exports",
        *CONSOLE,
    ),
    "verification": (
        "callback_attempts",
        "verdicts",
        "case_actions",
        "hold_decisions",
        "evidence",
        "attributions",
        "notices",
        "notice_acknowledgements",
        "notice_reminders",
        "missed_words",
        "duty_phones",
        "duty_pages",
        "directory_changes",
        "account_events",
        "sample_seeds",
        "sample_draws",
        "sample_reveals",
        "exports",
        *CONSOLE,
    ),
    "rewards": (
        "payout_transitions",
        "write_offs",
        "statement_orders",
        "mismatches",
        "mismatch_resolutions",
        "ledger_postings",
        "ledger_entries",
        "ledger_closes",
        "close_keys",
        "alerts",
        "reconciliations",
        "reconciliation_differences",
        "vendor_stops",
        "vendor_stop_lifts",
        "exports",
        *CONSOLE,
    ),
    "notifications": (
        "attempts",
        "attempt_ends",
        "message_states",
        "stop_changes",
        "resends",
        "exports",
        *CONSOLE,
    ),
    "scoring": (
        "points_entries",
        "strikes",
        "criticisms",
        "criticism_withdrawals",
        "demands",
        "commendations",
        "sanctions",
        "sanction_decisions",
        "sanction_withdrawals",
        "papers",
        "paper_withdrawals",
        "paper_readings",
        "exports",
        *CONSOLE,
    ),
}
# What moves, but never goes.
KEPT = {"rewards": ("rewards", "orders")}
_TRIGGERS = """
    SELECT tgrelid::regclass::text FROM pg_trigger
    WHERE tgfoid::regproc::text LIKE 'refuse_%' AND tgenabled = 'O' AND tgtype = 27
"""  # 27: before, each row, update and delete
_ONLY_ADDED = """
    SELECT c.relname::text FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND has_table_privilege($1, c.oid, 'INSERT')
      AND NOT has_any_column_privilege($1, c.oid, 'UPDATE')
      AND NOT has_table_privilege($1, c.oid, 'DELETE')
"""


@pytest.fixture
async def owner(templates: Postgres) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """A connection to each service's migrated database, as the owner of its tables."""
    names = sorted(GUARDED)
    urls = [templates.url(f"{name}_template") for name in names]
    opened = {name: await asyncpg.connect(url) for name, url in zip(names, urls, strict=True)}
    yield opened
    for connection in opened.values():
        await connection.close()


async def test_a_service_can_only_add(owner: dict[str, asyncpg.Connection]) -> None:
    """Its role may change, remove or empty none of these tables."""
    may: list[str] = []
    for refused, tables in (("UPDATE", GUARDED), ("DELETE", GUARDED), ("TRUNCATE", GUARDED),
                            ("DELETE", KEPT), ("TRUNCATE", KEPT)):  # fmt: skip
        for service, names in tables.items():
            for table in names:
                asked = "SELECT has_table_privilege($1, $2, $3)"
                if await owner[service].fetchval(asked, f"mashang_{service}", table, refused):
                    may.append(f"{service} may {refused} {table}")
    assert [] == may


async def test_history_is_guarded_against_its_owner(owner: dict[str, asyncpg.Connection]) -> None:
    """On each of these tables stands the trigger that refuses every change of a row."""
    for service, tables in GUARDED.items():
        found = {row[0] for row in await owner[service].fetch(_TRIGGERS)}
        assert set(tables) == found, service


async def test_what_is_only_added_to_is_guarded(owner: dict[str, asyncpg.Connection]) -> None:
    """No table whose service has neither the right to change nor to remove lacks the trigger."""
    for service, tables in GUARDED.items():
        rows = await owner[service].fetch(_ONLY_ADDED, f"mashang_{service}")
        assert set(tables) == {row[0] for row in rows}, service


STATEMENT = """
    INSERT INTO statements (vendor, day, opened_at, closed_at, taken_at)
    VALUES ('v', '2026-03-03', now() - interval '1 day', now(), now());
    INSERT INTO statement_orders
        (vendor, day, order_id, outcome, vendor_ref, product, amount_fen)
    VALUES ('v', '2026-03-03', 'x', 'paid', '1', 'p', 2000);
    INSERT INTO mismatches (kind, vendor, order_id, facts, found_at)
    VALUES ('no_order', 'v', 'x', '{}', now());
    INSERT INTO mismatch_resolutions (mismatch_id, username, note, made_at)
    SELECT mismatch_id, 'ann', 'done', now() FROM mismatches;
    INSERT INTO ledger_postings (step, month, actor, booked_at)
    VALUES ('x', '2026-04-01', 'ann', now());
    INSERT INTO ledger_entries (posting_no, account, vendor, order_id, fen)
    SELECT posting_no, account, 'v', '', fen FROM ledger_postings,
        (VALUES ('wallet', 5), ('topped_up', -5)) AS e (account, fen);
    INSERT INTO ledger_closes (month, year, number, rows, digest, signed_by, signer, closed_at)
    VALUES ('2026-03-01', 2026, 1, '[]', 'd', 'ann', 'Ann', now())
"""
SUBMISSION = """
    INSERT INTO submissions (id, receipt_hash, content_hash, kind, unit_code, categories,
        words_sealed, phone_sealed, phone_index, details, urgent, language, received_at, key_id,
        signature)
    VALUES (gen_random_uuid(), 'r', 'c', 'complaint', 'u', '{}', 'w', 'p', 'i', '{}', false, 'zh',
        now(), 'k', 's');
    INSERT INTO additions (id, submission_id, number, key_hash, content_hash, categories,
        words_sealed, officer_typed_sealed, attachments, why, added_at)
    SELECT gen_random_uuid(), id, 1, 'k', 'c', '{}', 'w', 'o', '{}', 'open', now() FROM submissions
"""
CHANGES = {
    "rewards": [
        "UPDATE statement_orders SET amount_fen = 1", "DELETE FROM statement_orders",
        "UPDATE mismatches SET facts = '{}'", "DELETE FROM mismatches",
        "UPDATE mismatch_resolutions SET note = ''", "DELETE FROM mismatch_resolutions",
        "UPDATE ledger_postings SET month = '2026-05-01'", "DELETE FROM ledger_postings",
        "UPDATE ledger_entries SET fen = 6", "DELETE FROM ledger_entries",
        "UPDATE ledger_closes SET rows = '{}'", "DELETE FROM ledger_closes",
    ],
    "intake": [
        "UPDATE submissions SET words_sealed = 'other'", "UPDATE submissions SET kind = 'request'",
        "UPDATE submissions SET received_at = received_at + interval '1 day'",
        "UPDATE submissions SET words_sealed = NULL, urgent = true", "DELETE FROM submissions",
        "UPDATE submissions SET officer_badge = 'x'", "UPDATE submissions SET signature = ''",
        "UPDATE submissions SET details = '{\"x\": 1}'", "DELETE FROM additions",
        "UPDATE additions SET words_sealed = 'x'", "UPDATE additions SET number = 2",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("service", "fact"), [("rewards", STATEMENT), ("intake", SUBMISSION)], ids=["rewards", "intake"]
)
async def test_a_fact_stays_as_it_was_written(
    templates: Postgres, clone: Clone, service: str, fact: str
) -> None:
    """The service's role may not even try; the owner's hand is told why not."""
    url = await clone(service)
    role = await asyncpg.connect(url)
    hand = await asyncpg.connect(templates.url(url.rpartition("/")[2]))
    try:
        await role.execute("SET mashang.scope = '*'")
        await role.execute(fact)
        for change in CHANGES[service]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.execute(change)
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await hand.execute(change)
    finally:
        await role.close()
        await hand.close()


async def test_what_is_personal_may_be_erased(templates: Postgres, clone: Clone) -> None:
    """Words and phone may become nothing, by the owner's hand; the rest of the row is untouched."""
    url = await clone("intake")
    hand = await asyncpg.connect(templates.url(url.rpartition("/")[2]))
    try:
        await hand.execute(SUBMISSION)
        before = dict(await hand.fetchrow("SELECT * FROM submissions") or {})
        await hand.execute(
            "UPDATE submissions SET words_sealed = NULL, phone_sealed = NULL, phone_index = NULL,"
            " details = NULL"
        )
        await hand.execute("UPDATE additions SET words_sealed = NULL, officer_typed_sealed = NULL")
        after = dict(await hand.fetchrow("SELECT * FROM submissions") or {})
    finally:
        await hand.close()
    personal = {"words_sealed", "phone_sealed", "phone_index", "details"}
    assert personal == {name for name in before if before[name] != after[name]}
    assert {None} == {after[name] for name in personal}


@pytest.mark.parametrize("change", ["UPDATE {0} SET actor = 'x'", "DELETE FROM {0}"])
async def test_an_owner_who_tries_is_refused(
    database: Database, templates: Postgres, change: str
) -> None:
    """The history of a reward survives a hasty repair by hand."""
    async with database.transaction() as conn:
        reward = await hear(conn, verified())
        name = await conn.fetchval("SELECT current_database()")
    assert reward is not None
    hand = await asyncpg.connect(templates.url(name))
    try:
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await hand.execute(change.format("payout_transitions"))
    finally:
        await hand.close()
    async with database.acquire() as conn:
        assert ["scheduled"] == [row["step"] for row in await history.list_of(conn, reward)]
