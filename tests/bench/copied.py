"""What a copy does not share with what it is a copy of, and which tables have no copies at all."""

KEPT = "templates"
# Who works there, what is waiting for a moment, and what is kept for a few days only. What waits
# to be added up mostly has no key, and is left out by that.
LEFT = {
    "alembic_version", "served_revisions", "simulation_clock", "staff", "outbox", "inbox_pending",
    "repeats", "exports", "units", "officers", "places", "operators", "postings", "windows",
    "sessions", "sign_in_addresses", "sign_in_failures", "account_events", "second_factors",
    "recovery_codes", "key_choices", "directory_changes", "import_previews", "answer_templates",
    "limits", "received_before", "figure_news", "receipt_keys", "close_keys", "vendor_shares",
    "vendor_pauses", "open_progress",
    "story_news", "receipts_due", "phone_checks", "ledger_fresh", "unread_words", "missed_words",
    "untold_papers", "evidence_coming", "drafts", "spending", "phone_codes", "duties",
    "duty_phones", "duty_pages", "ledger_closes", "notices_waiting", "sanctions_waiting",
}  # fmt: skip
# What vendors and people call things by.
NAMES = {"order_id", "other_order_id", "late_order", "vendor_ref", "ref", "number"}
PHONES = {"phone_index", "phone_hash"}
# Anybody may draw the days of the random review again: each has a seed, which its day tells.
_DRAWN_ON = "(t.day - c.days)::date"


def phone(own: str) -> str:
    """Three of one citizen."""
    return f"left(md5({own} || c.n / 3), 22)"


NUMBER = "left(md5({own} || c.n), length({own}))"
_WHOSE = (
    f"CASE {{kind}} WHEN 'unit' THEN c.unit WHEN 'officer' THEN c.badge"
    f" ELSE {KEPT}.own({{own}}, c.n, c.ms)::text END"
)
# What the services' own jobs would have done to rows of that age, and what no two people share.
SPECIAL = {
    ("attachments", "erased_at"): "CASE WHEN c.old THEN t.created_at - c.ago END",
    ("attachments", "removed_at"): "CASE WHEN c.old THEN t.created_at - c.ago END",
    ("cases", "erased_at"): "CASE WHEN c.old THEN t.received_at - c.ago END",
    ("notices", "place_code"):
        "CASE WHEN t.place_code = t.unit_code THEN c.unit ELSE t.place_code END",
    ("case_grams", "grams"):
        "(SELECT array_agg((one + 7919 * c.n % 16384)::int % 16384) FROM unnest(t.grams) AS one)",
    ("cases", "examined"): "1000000",
    ("demands", "scope"): _WHOSE.format(own="t.scope", kind="t.scope_kind"),
    ("demands", "subject"): _WHOSE.format(own="t.subject", kind="t.subject_kind"),
    ("sample_commitments", "commitment"): f"{KEPT}.commitment({_DRAWN_ON})",
    ("sample_seeds", "commitment"): f"{KEPT}.commitment({_DRAWN_ON})",
    ("sample_reveals", "seed"): f"{KEPT}.seed({_DRAWN_ON})",
    ("sample_lots", "drawn"):
        f"{KEPT}.is_drawn({_DRAWN_ON}, t.drawn_for, {NUMBER.format(own='t.number')}, t.percent)",
    ("messages", "phone_sealed"):
        "CASE WHEN c.since < 86400 * 14 AND NOT c.old THEN t.phone_sealed END",
    ("verdicts", "waiting"): "jsonb_set(t.waiting, '{unit_code}', to_jsonb(c.unit))",
    ("messages", "phone_hash"):
        f"CASE WHEN c.since < 86400 * 14 THEN {phone('t.phone_hash')} END",
    ("replies", "phone_hash"): f"CASE WHEN c.since < 86400 * 14 THEN {phone('t.phone_hash')} END",
    ("attachments", "sent"): "true",
    ("erasures", "done_at"): "coalesce(t.done_at, t.heard_at) - c.ago",
    ("rewards", "act_at"): "NULL",
    ("rewards", "near"): "CASE WHEN c.old THEN '{}' ELSE ARRAY(SELECT left(md5(one || c.n / 3), 22)"
        " FROM unnest(t.near) AS one) END",
    ("rewards", "phone_sealed"): "CASE WHEN c.old THEN '' ELSE t.phone_sealed END",
}  # fmt: skip
# Of these only what is over: what has not been told yet is not copied.
OVER = {"sample_commitments", "sample_seeds"}
FUNCTIONS = """
    CREATE SCHEMA IF NOT EXISTS templates;
    CREATE OR REPLACE FUNCTION templates.own(id text, n bigint, ms bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT (CASE WHEN substr(id, 15, 1) = '7' THEN
            lpad(to_hex(('x' || substr(id, 1, 8) || substr(id, 10, 4))::bit(48)::bigint - ms),
                 12, '0') || '7' || substr(md5(id || n), 14)
            ELSE md5(id || n) END)::uuid
    $$;
    CREATE OR REPLACE FUNCTION templates.digest(VARIADIC lines text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT encode(sha256(convert_to(array_to_string(lines, chr(10)), 'UTF8')), 'hex')
    $$;
    CREATE OR REPLACE FUNCTION templates.seed(day date) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT templates.digest('seed', day::text) $$;
    CREATE OR REPLACE FUNCTION templates.commitment(day date) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT templates.digest('mashang random review', day::text, templates.seed(day))
    $$;
    CREATE OR REPLACE FUNCTION templates.is_drawn(day date, kind text, number text, percent int)
    RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT ((('x' || left(lot, 8))::bit(32)::bigint % 100) * 96
            + ('x' || substr(lot, 9, 8))::bit(32)::bigint) % 100 < percent
        FROM (SELECT templates.digest(templates.seed(day), kind, number) AS lot) AS drawn
    $$
"""
# What is counted of a table's rows and kept elsewhere, once all copies are there.
COUNTED = {
    "sample_lots": """
        UPDATE sample_reveals r SET cases = l.cases, drawn = l.drawn FROM (
            SELECT day, count(*) AS cases, count(*) FILTER (WHERE drawn) AS drawn
            FROM sample_lots GROUP BY day) AS l
        WHERE l.day = r.day AND r.cases IS NOT NULL
    """,
    "ledger_postings": """
        DELETE FROM ledger_turnover;
        INSERT INTO ledger_turnover (month, account, vendor, step, debit_fen, credit_fen)
        SELECT p.month, e.account, e.vendor, p.step, sum(greatest(fen, 0)), sum(greatest(-fen, 0))
        FROM ledger_entries e JOIN ledger_postings p USING (posting_no)
        WHERE posting_no NOT IN (SELECT posting_no FROM ledger_fresh)
        GROUP BY p.month, e.account, e.vendor, p.step
    """,
}
