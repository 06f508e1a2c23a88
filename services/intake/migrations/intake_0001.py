"""Submissions, the units that citizens see, and the time line of each submission."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0001"

# There is no column for the idempotency key: the receipt's hash is a function of it.
SUBMISSIONS = """
CREATE TABLE submissions (
    id            uuid CONSTRAINT submissions_pkey PRIMARY KEY,
    receipt_hash  bytea NOT NULL CONSTRAINT submissions_receipt_key UNIQUE,
    content_hash  bytea NOT NULL,
    kind          text NOT NULL CONSTRAINT submissions_kind_known
                  CHECK (kind IN ('rating', 'complaint', 'request')),
    unit_code     text NOT NULL,
    counter       smallint,
    satisfaction  smallint CONSTRAINT submissions_satisfaction_level
                  CHECK (satisfaction BETWEEN 1 AND 5),
    categories    text[] NOT NULL,
    words_sealed  text,
    phone_sealed  text,
    phone_index   text,
    officer_badge text,
    urgent        boolean NOT NULL,
    language      text NOT NULL,
    received_at   timestamptz NOT NULL,
    key_id        text NOT NULL,
    signature     bytea NOT NULL,
    CONSTRAINT submissions_rating_rated CHECK (kind <> 'rating' OR satisfaction IS NOT NULL),
    CONSTRAINT submissions_phone_indexed CHECK ((phone_sealed IS NULL) = (phone_index IS NULL))
);
CREATE INDEX submissions_received ON submissions USING brin (received_at);
REVOKE UPDATE, DELETE, TRUNCATE ON submissions FROM mashang_intake
"""

UNITS = """
CREATE TABLE units (
    code    text CONSTRAINT units_pkey PRIMARY KEY,
    name    text NOT NULL,
    county  text NOT NULL,
    active  boolean NOT NULL,
    version int NOT NULL
)
"""

# No foreign key to submissions: an event may be replayed into a database that was restored to
# before the submission, and must wait there rather than be lost.
TIMELINE = """
CREATE TABLE timeline (
    submission_id uuid NOT NULL,
    step          text NOT NULL,
    key           text NOT NULL,
    at            timestamptz NOT NULL,
    details       jsonb NOT NULL,
    stored_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT timeline_pkey PRIMARY KEY (submission_id, step, key),
    CONSTRAINT timeline_step_known CHECK (step IN (
        'opened', 'called', 'verified', 'reward_decided', 'reward_paid', 'reward_reversed',
        'message'))
);
REVOKE UPDATE, DELETE, TRUNCATE ON timeline FROM mashang_intake;
CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE ON timeline
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Create the tables."""
    for script in (SUBMISSIONS, UNITS, TIMELINE):
        run_script(script)
