"""Several vendors of SMS: whose a message is, who certainly did not send it, and their shares."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# put_off_by and held_by: the vendors that refused it, until all have, or a person released it.
MESSAGES = """
ALTER TABLE messages ADD COLUMN vendor text,
    ADD COLUMN put_off_by text[] NOT NULL DEFAULT '{}',
    ADD COLUMN held_by text[] NOT NULL DEFAULT '{}';
UPDATE messages m SET vendor = a.vendor FROM attempts a
WHERE a.message_id = m.message_id AND a.attempt = m.attempt;
CREATE INDEX messages_by_ref ON messages (vendor, ref) WHERE state IN ('accepted', 'unknown');
CREATE INDEX attempts_lately ON attempts (called_at)
"""

# In real time, as called_at: this is the vendor's clock.
SHARES = """
CREATE TABLE vendor_shares (
    vendor   text CONSTRAINT vendor_shares_pkey PRIMARY KEY,
    points   int NOT NULL CONSTRAINT vendor_shares_points CHECK (points BETWEEN 0 AND 100),
    resting  int NOT NULL CONSTRAINT vendor_shares_resting CHECK (resting BETWEEN 0 AND 100),
    moved_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE attempt_ends (
    message_id uuid NOT NULL,
    attempt    int NOT NULL,
    how        text NOT NULL CONSTRAINT attempt_ends_how_known
               CHECK (how IN ('arrived', 'failed', 'refused', 'unanswered')),
    ended_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attempt_ends_pkey PRIMARY KEY (message_id, attempt, how),
    CONSTRAINT attempt_ends_attempt
        FOREIGN KEY (message_id, attempt) REFERENCES attempts (message_id, attempt)
);
REVOKE UPDATE, DELETE, TRUNCATE ON attempt_ends FROM mashang_notifications;
CREATE TRIGGER attempt_ends_append_only BEFORE UPDATE OR DELETE ON attempt_ends
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """What an instance of before sends meanwhile belongs to the vendor of its last attempt."""
    run_script(MESSAGES)
    run_script(SHARES)
