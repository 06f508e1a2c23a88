"""What was sent is kept for some days, so that it can be sent again after a restore.

A broker forgets what it delivered. Where the databases go back to a moment of before, an event that
had left its outbox by then, and that was handled only later, is nowhere else.
"""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# No key and no index: the relay pays for every row, and hardly anybody ever reads one.
SENT = """
CREATE TABLE sent (
    seq      bigint NOT NULL,
    event_id uuid NOT NULL,
    type     text NOT NULL,
    body     text NOT NULL,
    sent_at  timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (sent_at);
CREATE TABLE sent_default PARTITION OF sent DEFAULT
"""

# As inbox_add_day: the lock on the parent stops only another run of this, the default partition is
# locked before it is emptied, and nobody waits longer than 100 ms. A service adds to a day by way
# of the parent, and changes none.
ADD_DAY = """
CREATE FUNCTION sent_add_day(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '100ms' AS $$
DECLARE
    part text := 'sent_' || to_char(day, 'YYYYMMDD');
    a timestamptz := day;
    b timestamptz := day + 1;
BEGIN
    IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
    LOCK TABLE sent IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
    LOCK TABLE sent_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE sent INCLUDING ALL,
        CONSTRAINT day CHECK (sent_at >= %L AND sent_at < %L))', part, a, b);
    EXECUTE format('WITH moved AS (DELETE FROM sent_default
        WHERE sent_at >= %L AND sent_at < %L RETURNING *)
        INSERT INTO %I SELECT * FROM moved', a, b, part);
    EXECUTE format('ALTER TABLE sent ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, a, b);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT day', part);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %I FROM its_service', part);
    RETURN true;
END $$
"""

DROP_BEFORE = """
CREATE FUNCTION sent_drop_before(day date) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '100ms' AS $$
DECLARE part text;
BEGIN
    SELECT c.relname INTO part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'sent'::regclass AND c.relname ~ '^sent_[0-9]{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < day
    ORDER BY c.relname LIMIT 1;
    IF part IS NULL THEN
        DELETE FROM sent_default WHERE sent_at < day;
        RETURN 0;
    END IF;
    EXECUTE format('DROP TABLE %I', part);
    RETURN 1;
END $$
"""


def upgrade() -> None:
    """Create them; a relay of before only deletes, and what it sends is not kept."""
    role = f"mashang_{context.config.attributes['service']}"
    for block in (SENT, ADD_DAY.replace("its_service", role), DROP_BEFORE):
        run_script(block)
    run_script(f"REVOKE UPDATE, DELETE, TRUNCATE ON sent FROM {role}")
    run_script(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON sent_default FROM {role}")
