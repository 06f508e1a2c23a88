"""What is chosen at a window: officers, matters, counters; and what citizens add afterwards.

`details` holds what few submissions have, so that the plain way in writes one column more and no
ten.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

WINDOW = """
ALTER TABLE units ADD COLUMN counters int NOT NULL DEFAULT 0,
    ADD COLUMN matters text[] NOT NULL DEFAULT '{}';
CREATE TABLE officers (
    badge     text CONSTRAINT officers_pkey PRIMARY KEY,
    name      text NOT NULL,
    unit_code text NOT NULL,
    active    boolean NOT NULL,
    version   int NOT NULL
);
CREATE INDEX officers_at_unit ON officers (unit_code, badge) WHERE active
"""

ADDITIONS = """
ALTER TABLE submissions ADD COLUMN details jsonb;
CREATE TABLE additions (
    id                   uuid CONSTRAINT additions_pkey PRIMARY KEY,
    submission_id        uuid NOT NULL
                         CONSTRAINT additions_submission_id_fkey REFERENCES submissions,
    number               int NOT NULL,
    key_hash             bytea NOT NULL CONSTRAINT additions_key UNIQUE,
    content_hash         bytea NOT NULL,
    categories           text[] NOT NULL,
    words_sealed         text,
    officer_badge        text,
    officer_typed_sealed text,
    attachments          text[] NOT NULL,
    why                  text NOT NULL CONSTRAINT additions_why_known
                         CHECK (why IN ('thanks', 'open')),
    added_at             timestamptz NOT NULL,
    CONSTRAINT additions_number UNIQUE (submission_id, number)
);
REVOKE UPDATE, DELETE, TRUNCATE ON additions FROM mashang_intake
"""


def upgrade() -> None:
    """Officers are told again by the directory (verification_0009), counters with its next word."""
    for script in (WINDOW, ADDITIONS):
        run_script(script)
