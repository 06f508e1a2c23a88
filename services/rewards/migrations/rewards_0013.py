"""Statements beside the ledger: each run with its differences; stops, and who lifted them."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# `digest` is of what the statement says, however it was saved: the same one is one run.
RUNS = """
CREATE TABLE reconciliations (
    run_id        bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT reconciliations_pkey PRIMARY KEY,
    vendor        text NOT NULL,
    day           date NOT NULL,
    source        text NOT NULL CONSTRAINT reconciliations_source
                  CHECK (source IN ('file', 'vendor')),
    digest        text NOT NULL,
    actor         text NOT NULL,
    rows          int NOT NULL,
    paid_fen      bigint NOT NULL,
    refunded_fen  bigint NOT NULL,
    topped_up_fen bigint NOT NULL,
    opening_fen   bigint,
    closing_fen   bigint,
    differences   int NOT NULL,
    unknown       int NOT NULL,
    made_at       timestamptz NOT NULL,
    CONSTRAINT reconciliations_once UNIQUE (vendor, day, digest)
);
CREATE TABLE reconciliation_differences (
    run_id    bigint NOT NULL CONSTRAINT reconciliation_differences_run REFERENCES reconciliations,
    number    int NOT NULL,
    kind      text NOT NULL CONSTRAINT reconciliation_differences_kind CHECK (kind IN (
                  'unknown_order', 'missing_here', 'missing_there', 'state', 'amount', 'product',
                  'double', 'wrong_day', 'balance')),
    order_id  text NOT NULL,
    reward_id uuid,
    facts     jsonb NOT NULL,
    CONSTRAINT reconciliation_differences_pkey PRIMARY KEY (run_id, number)
);
CREATE INDEX orders_closed ON orders (vendor, closed_at) WHERE closed_at IS NOT NULL
"""

# While one of a vendor's stands, no order leaves for it. Two people lift it, or one of them when a
# later run (`run_id`) found no order of that kind.
STOPS = """
CREATE TABLE vendor_stops (
    run_id     bigint CONSTRAINT vendor_stops_pkey PRIMARY KEY
               CONSTRAINT vendor_stops_run REFERENCES reconciliations,
    vendor     text NOT NULL,
    stopped_at timestamptz NOT NULL
);
CREATE TABLE vendor_stop_lifts (
    run_id    bigint NOT NULL CONSTRAINT vendor_stop_lifts_stop REFERENCES vendor_stops,
    username  text NOT NULL,
    note      text NOT NULL,
    clean_run bigint CONSTRAINT vendor_stop_lifts_run REFERENCES reconciliations,
    made_at   timestamptz NOT NULL,
    CONSTRAINT vendor_stop_lifts_pkey PRIMARY KEY (run_id, username),
    CONSTRAINT vendor_stop_lifts_later CHECK (clean_run > run_id)
);
CREATE VIEW standing_stops WITH (security_invoker = true) AS
    SELECT s.run_id, s.vendor, s.stopped_at FROM vendor_stops s
    WHERE (SELECT count(*) + 2 * count(clean_run) FROM vendor_stop_lifts l
           WHERE l.run_id = s.run_id) < 2
"""

# Of which days the vendors were asked for a statement, and when to ask again.
FETCHES = """
CREATE TABLE statement_fetches (
    vendor  text NOT NULL,
    day     date NOT NULL,
    next_at timestamptz NOT NULL,
    tries   int NOT NULL,
    said    text,
    CONSTRAINT statement_fetches_pkey PRIMARY KEY (vendor, day)
)
"""
APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_rewards;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
TABLES = ("reconciliations", "reconciliation_differences", "vendor_stops", "vendor_stop_lifts")
# A vendor's account is the whole bureau's: whoever stands at the root sees it.
AT_THE_ROOT = "EXISTS (SELECT FROM units u WHERE u.path[1] = mashang_scope())"


def upgrade() -> None:
    """Statements of before have no run: what they show stands among the mismatches."""
    for block in (RUNS, STOPS, FETCHES):
        run_script(block)
    for table in TABLES:
        run_script(APPEND_ONLY.format(table=table))
        secure(table, AT_THE_ROOT)
    secure("ledger_closes", AT_THE_ROOT)
