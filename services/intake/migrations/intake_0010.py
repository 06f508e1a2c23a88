"""What the open figures are counted from: a fact a case, numbers a day, and the draws."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Rows without a key of their subject: a handler that adds one never waits for the job that takes.
NEWS = """
CREATE TABLE story_news (
    number        bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT story_news_pkey PRIMARY KEY,
    submission_id uuid NOT NULL
);
INSERT INTO story_news (submission_id) SELECT DISTINCT submission_id FROM timeline
"""

FACTS = """
CREATE TABLE open_facts (
    submission_id uuid CONSTRAINT open_facts_pkey PRIMARY KEY,
    day           date NOT NULL,
    state         text NOT NULL,
    call          text NOT NULL CONSTRAINT open_facts_call_known
                  CHECK (call IN ('none', 'waiting', 'on_time', 'late', 'unreached')),
    same_day      boolean NOT NULL,
    pace          text NOT NULL CONSTRAINT open_facts_pace_known
                  CHECK (pace IN ('none', 'waiting', 'on_time', 'late')),
    extended      boolean NOT NULL,
    solved        boolean,
    satisfied     boolean,
    paid_fen      int NOT NULL,
    turns_at      timestamptz
);
CREATE INDEX open_facts_turning ON open_facts (turns_at) WHERE turns_at IS NOT NULL
"""

NUMBERS = """
CREATE TABLE open_numbers (
    day    date NOT NULL,
    kind   text NOT NULL,
    name   text NOT NULL,
    number bigint NOT NULL CONSTRAINT open_numbers_positive CHECK (number > 0),
    CONSTRAINT open_numbers_pkey PRIMARY KEY (day, kind, name)
);
CREATE TABLE open_progress (
    one        boolean NOT NULL DEFAULT true CONSTRAINT open_progress_one UNIQUE
               CONSTRAINT open_progress_only CHECK (one),
    day        date NOT NULL,
    counted_at timestamptz NOT NULL
)
"""

# The list itself is not kept: with it, the seed and the size anybody who has it can draw again.
DRAWS = """
CREATE TABLE draws (
    number      bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT draws_pkey PRIMARY KEY,
    unit_code   text NOT NULL,
    day         date NOT NULL,
    seed        text NOT NULL,
    list_sha256 text NOT NULL,
    population  int NOT NULL,
    size        int NOT NULL,
    drawn_by    text NOT NULL,
    drawn_at    timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT draws_size CHECK (size BETWEEN 1 AND population),
    CONSTRAINT draws_once UNIQUE (unit_code, list_sha256)
);
REVOKE UPDATE, DELETE, TRUNCATE ON draws FROM mashang_intake;
CREATE TRIGGER draws_append_only BEFORE UPDATE OR DELETE ON draws
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE invitations_used (
    code_hash    bytea CONSTRAINT invitations_used_pkey PRIMARY KEY,
    receipt_hash bytea NOT NULL CONSTRAINT invitations_used_receipt UNIQUE
)
"""

# Which submissions came from an app: noted before the submission itself is stored.
OPEN311 = """
CREATE TABLE open311_sent (
    receipt_hash bytea CONSTRAINT open311_sent_pkey PRIMARY KEY,
    client       text NOT NULL,
    sent_at      timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX open311_sent_at ON open311_sent (sent_at);
REVOKE UPDATE, DELETE, TRUNCATE ON open311_sent FROM mashang_intake;
CREATE TRIGGER open311_sent_append_only BEFORE UPDATE OR DELETE ON open311_sent
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Create the tables."""
    for script in (NEWS, FACTS, NUMBERS, DRAWS, OPEN311):
        run_script(script)
