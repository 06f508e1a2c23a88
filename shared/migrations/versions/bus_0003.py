"""Pending events in batches, days without a queue behind a backup, and whom a database serves.

`served_revisions` lists every revision whose code this database serves: all that were applied,
since a migration only adds. One that breaks the code before it says so by `breaks = True`; then the
earlier ones of its branch are off the list, and an instance of that code starts no more.
"""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Code of before stores and claims as ever; what it leaves behind is run in batches.
ALONE = """
ALTER TABLE inbox_pending ADD COLUMN alone boolean NOT NULL DEFAULT false;
DROP INDEX inbox_pending_due;
CREATE INDEX inbox_pending_due ON inbox_pending (consumer, alone, next_at) WHERE state = 'pending'
"""

# The lock on the parent stops only another run of this; whoever inserts or reads goes on. The
# default partition is locked before it is emptied, so that nothing is added behind its back. The
# check makes it needless to read the new table while everybody waits.
ADD_DAY = """
CREATE OR REPLACE FUNCTION inbox_add_day(day date) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    part text := 'inbox_' || to_char(day, 'YYYYMMDD');
    a uuid := inbox_bound(day);
    b uuid := inbox_bound(day + 1);
BEGIN
    IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
    LOCK TABLE inbox IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
    LOCK TABLE inbox_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING ALL,
        CONSTRAINT day CHECK (event_id >= %L AND event_id < %L))', part, a, b);
    EXECUTE format('WITH moved AS (DELETE FROM inbox_default
        WHERE event_id >= %L AND event_id < %L RETURNING *)
        INSERT INTO %I SELECT * FROM moved', a, b, part);
    EXECUTE format('ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, a, b);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT day', part);
    RETURN true;
END $$
"""

# Dropping locks the parent. (DETACH CONCURRENTLY would not, but there is a default partition.)
DROP_BEFORE = """
CREATE OR REPLACE FUNCTION inbox_drop_before(day date) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE part text;
BEGIN
    SELECT c.relname INTO part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'inbox'::regclass AND c.relname ~ '^inbox_[0-9]{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < day
    ORDER BY c.relname LIMIT 1;
    IF part IS NULL THEN
        DELETE FROM inbox_default WHERE received_at < day;
        RETURN 0;
    END IF;
    EXECUTE format('DROP TABLE %I', part);
    RETURN 1;
END $$
"""

SERVED = (
    "CREATE TABLE served_revisions (revision text CONSTRAINT served_revisions_pkey PRIMARY KEY)"
)


def upgrade() -> None:
    """Create and replace them; what the list says is written after every migration."""
    for block in (ALONE, ADD_DAY, DROP_BEFORE, SERVED):
        run_script(block)
    role = f"mashang_{context.config.attributes['service']}"
    run_script(f"""
        REVOKE ALL ON served_revisions FROM {role};
        GRANT SELECT ON served_revisions TO {role}
    """)
