"""Counts by state as running totals; what is open is found by indexes, and neighbours by theirs.

What each change of a reward adds and takes stands in `state_changes` until a job sums it: nobody
waits for anybody, as for totals that all would change. The triggers note it, so that code of before
counts as well.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

TOTALS = """
CREATE TABLE state_changes (
    sign       smallint NOT NULL,
    state      text NOT NULL,
    amount_fen int NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE state_totals (
    state  text CONSTRAINT state_totals_pkey PRIMARY KEY,
    number bigint NOT NULL,
    fen    bigint NOT NULL
);
CREATE FUNCTION note_states() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO state_changes VALUES (-1, OLD.state, OLD.amount_fen);
    END IF;
    INSERT INTO state_changes VALUES (1, NEW.state, NEW.amount_fen);
    RETURN NULL;
END $$;
CREATE TRIGGER rewards_states_added AFTER INSERT ON rewards
    FOR EACH ROW EXECUTE FUNCTION note_states();
CREATE TRIGGER rewards_states_changed AFTER UPDATE ON rewards FOR EACH ROW
    WHEN ((OLD.state, OLD.amount_fen) IS DISTINCT FROM (NEW.state, NEW.amount_fen))
    EXECUTE FUNCTION note_states()
"""
ORDERS = """
CREATE INDEX orders_open ON orders (vendor) WHERE outcome IS NULL OR ask_at IS NOT NULL;
CREATE INDEX orders_not_rejected ON orders (vendor)
    WHERE outcome IS DISTINCT FROM 'rejected' OR ask_at IS NOT NULL
"""
# PostgreSQL asks a policy before it compares arrays, since that might tell of rows that nobody may
# see, and so read all rewards. The function is the owner's, whom no policy binds; it tells ids.
NEIGHBOURS = """
CREATE FUNCTION rewards_near(block text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 20 AS $$
    SELECT id FROM rewards WHERE near <> '{}' AND near @> ARRAY[block]
$$
"""


def upgrade() -> None:
    """Rewards of before are counted by the job, once; until then all are counted."""
    for block in (TOTALS, ORDERS, NEIGHBOURS):
        run_script(block)
