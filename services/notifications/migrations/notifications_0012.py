"""How many messages are in which state, as totals; and what else was found by reading them all."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Each move of a message is a row of its own, so that two senders never wait for the same total. The
# trigger counts, so that code of before counts as well.
COUNTS = """
CREATE TABLE message_counts (
    purpose text NOT NULL,
    state   text NOT NULL,
    number  bigint NOT NULL,
    CONSTRAINT message_counts_pkey PRIMARY KEY (purpose, state)
);
CREATE TABLE message_moves (
    purpose text NOT NULL,
    state   text NOT NULL,
    number  int NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE FUNCTION note_message_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO message_moves VALUES (OLD.purpose, OLD.state, -1);
    END IF;
    INSERT INTO message_moves VALUES (NEW.purpose, NEW.state, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER messages_added AFTER INSERT ON messages
    FOR EACH ROW EXECUTE FUNCTION note_message_move();
CREATE TRIGGER messages_moved AFTER UPDATE OF state ON messages
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_message_move();
INSERT INTO message_counts SELECT purpose, state, count(*) FROM messages GROUP BY purpose, state
"""

# The list by vendor and by purpose, newest first; whose number is to be forgotten next.
INDEXES = """
CREATE INDEX messages_by_vendor ON messages (vendor, created_at DESC, message_id DESC);
CREATE INDEX messages_by_purpose ON messages (purpose, created_at DESC, message_id DESC);
CREATE INDEX messages_number_kept ON messages (settled_at)
    WHERE phone_hash IS NOT NULL AND phone_sealed IS NULL AND settled_at IS NOT NULL;
CREATE INDEX replies_number_kept ON replies (heard_at) WHERE phone_hash IS NOT NULL
"""


def upgrade() -> None:
    """What is there is counted once."""
    run_script(COUNTS)
    run_script(INDEXES)
