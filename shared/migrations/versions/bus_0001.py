"""The bus's tables in every service's database: outbox, inbox, pending events, the clock.

The service's role gets exactly the rights it needs; tables made later in the same database are
readable and writable by it unless their migration says otherwise.
"""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
branch_labels = ("bus",)

OUTBOX = """
CREATE TABLE outbox (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid NOT NULL CONSTRAINT outbox_event_id_key UNIQUE,
    type         text NOT NULL,
    body         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, fillfactor = 50)
"""

# Range-partitioned by the UUIDv7 itself: its first 48 bits are milliseconds, so a partition is a
# day, and the key stays unique over midnight. Foreign ids fall into the default partition.
INBOX = """
CREATE TABLE inbox (
    consumer    text NOT NULL,
    event_id    uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
) PARTITION BY RANGE (event_id);
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT
"""

PENDING = """
CREATE TABLE inbox_pending (
    consumer   text NOT NULL,
    event_id   uuid NOT NULL,
    type       text NOT NULL,
    body       text NOT NULL,
    state      text NOT NULL DEFAULT 'pending'
               CONSTRAINT inbox_pending_state_known CHECK (state IN ('pending', 'parked')),
    attempts   int NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL DEFAULT now(),
    error      text,
    stored_at  timestamptz NOT NULL DEFAULT now(),
    parked_at  timestamptz,
    CONSTRAINT inbox_pending_pkey PRIMARY KEY (consumer, event_id),
    CONSTRAINT inbox_pending_parked_at CHECK ((state = 'parked') = (parked_at IS NOT NULL))
);
CREATE INDEX inbox_pending_due ON inbox_pending (next_at) WHERE state = 'pending'
"""

DAY_OF = """
CREATE FUNCTION inbox_bound(day date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (rpad(lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0'),
                 32, '0'))::uuid
$$
"""

# Only the owner may change partitions, so the service asks through these two functions.
ADD_DAY = """
CREATE FUNCTION inbox_add_day(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE part text := 'inbox_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('inbox_add_day'));
    IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
    LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING ALL)', part);
    EXECUTE format('WITH moved AS (DELETE FROM inbox_default
        WHERE event_id >= inbox_bound(%L) AND event_id < inbox_bound(%L) RETURNING *)
        INSERT INTO %I SELECT * FROM moved', day, day + 1, part);
    EXECUTE format('ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, inbox_bound(day), inbox_bound(day + 1));
    RETURN true;
END $$
"""

DROP_BEFORE = """
CREATE FUNCTION inbox_drop_before(day date) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE part text; dropped int := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'inbox'::regclass AND c.relname ~ '^inbox_[0-9]{8}$'
          AND to_date(right(c.relname, 8), 'YYYYMMDD') < day
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM inbox_default WHERE received_at < day;
    RETURN dropped;
END $$
"""

CLOCK = """
CREATE TABLE simulation_clock (
    single boolean PRIMARY KEY DEFAULT true CONSTRAINT simulation_clock_single CHECK (single),
    moved  interval NOT NULL DEFAULT '0'
);
INSERT INTO simulation_clock DEFAULT VALUES;
CREATE FUNCTION mashang_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT now() + (SELECT moved FROM simulation_clock)
$$
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    """Create the tables, then give the service's role its rights."""
    for block in (OUTBOX, INBOX, PENDING, DAY_OF, ADD_DAY, DROP_BEFORE, CLOCK, APPEND_ONLY):
        run_script(block)
    role = f"mashang_{context.config.attributes['service']}"
    run_script(f"""
        GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox, inbox_pending TO {role};
        GRANT SELECT ON inbox_default, simulation_clock, alembic_version TO {role};
        ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {role}
    """)
