"""What is taken of each budget as running totals, and what shows a pattern among rewards."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# `near` are the blocks of ten numbers around the phone's, by a keyed hash, its own in the middle.
REWARDS = """
ALTER TABLE rewards ADD COLUMN day date, ADD COLUMN counters int[] NOT NULL DEFAULT '{}',
    ADD COLUMN near text[] NOT NULL DEFAULT '{}';
CREATE INDEX rewards_near ON rewards USING gin (near) WHERE near <> '{}';
CREATE INDEX rewards_at_counter ON rewards (unit_code, verified_at) WHERE counters <> '{}'
"""
# The trigger counts, so that code of before counts as well. Its callers hold the lock on decisions.
TAKEN = """
CREATE TABLE taken (
    scope  text NOT NULL CONSTRAINT taken_scope CHECK (scope IN ('month', 'unit_month', 'day')),
    key    text NOT NULL,
    since  date NOT NULL,
    number int NOT NULL,
    fen    bigint NOT NULL,
    CONSTRAINT taken_pkey PRIMARY KEY (scope, key, since)
);
CREATE FUNCTION takes_a_place(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT state NOT IN ('eligible', 'held', 'refused') $$;
CREATE FUNCTION take(r rewards, sign int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO taken AS t (scope, key, since, number, fen)
    SELECT scope, key, since, sign, sign * r.amount_fen
    FROM (VALUES ('month', '', r.month), ('unit_month', r.unit_code, r.month), ('day', '', r.day))
        AS budgets (scope, key, since)
    WHERE since IS NOT NULL ORDER BY scope
    ON CONFLICT (scope, key, since)
        DO UPDATE SET number = t.number + excluded.number, fen = t.fen + excluded.fen
$$;
CREATE FUNCTION count_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND takes_a_place(OLD.state) THEN PERFORM take(OLD, -1); END IF;
    IF takes_a_place(NEW.state) THEN PERFORM take(NEW, 1); END IF;
    RETURN NULL;
END $$;
SELECT take(r, 1) FROM rewards r WHERE takes_a_place(r.state);
CREATE TRIGGER rewards_take AFTER INSERT ON rewards
    FOR EACH ROW WHEN (takes_a_place(NEW.state)) EXECUTE FUNCTION count_taken();
CREATE TRIGGER rewards_taken AFTER UPDATE ON rewards FOR EACH ROW WHEN (
        takes_a_place(OLD.state) IS DISTINCT FROM takes_a_place(NEW.state)
        OR (OLD.amount_fen, OLD.month, OLD.day) IS DISTINCT FROM
           (NEW.amount_fen, NEW.month, NEW.day))
    EXECUTE FUNCTION count_taken()
"""


def upgrade() -> None:
    """Rewards of before count in their months; of which day they are is not known here."""
    run_script(REWARDS)
    run_script(TAKEN)
