"""Citizens answer back: what they say of an answer, and the phone that they bind by a code.

The words of a report of pressure lie nowhere here, only that there was one: they go on, sealed, to
those who may read them.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

STEPS = """
ALTER TABLE timeline DROP CONSTRAINT timeline_step_known;
ALTER TABLE timeline ADD CONSTRAINT timeline_step_known CHECK (step IN (
    'opened', 'called', 'clock', 'verified', 'reward_decided', 'reward_paid', 'reward_reversed',
    'message', 'rescheduled', 'bound', 'followup', 'withdrawn', 'rated'))
"""

# Words and phones may be erased; that something was said stays.
SAID = """
CREATE TABLE followups (
    id            uuid CONSTRAINT followups_pkey PRIMARY KEY,
    submission_id uuid NOT NULL
                  CONSTRAINT followups_submission_id_fkey REFERENCES submissions,
    number        int NOT NULL,
    words_sealed  text,
    received_at   timestamptz NOT NULL,
    CONSTRAINT followups_number UNIQUE (submission_id, number)
);
CREATE TABLE pressures (
    id            uuid CONSTRAINT pressures_pkey PRIMARY KEY,
    submission_id uuid NOT NULL
                  CONSTRAINT pressures_submission_id_fkey REFERENCES submissions,
    reported_at   timestamptz NOT NULL
);
CREATE INDEX pressures_submission_id ON pressures (submission_id, reported_at);
CREATE TABLE contacts (
    submission_id uuid CONSTRAINT contacts_pkey PRIMARY KEY
                  CONSTRAINT contacts_submission_id_fkey REFERENCES submissions,
    phone_sealed  text,
    phone_index   text,
    bound_at      timestamptz NOT NULL,
    CONSTRAINT contacts_phone_indexed CHECK ((phone_sealed IS NULL) = (phone_index IS NULL))
);
REVOKE DELETE, TRUNCATE ON followups, pressures, contacts FROM mashang_intake
"""

# One-time codes, hashed. What was not `sent` was over a limit that nobody is told of.
CODES = """
CREATE TABLE phone_codes (
    id            uuid CONSTRAINT phone_codes_pkey PRIMARY KEY,
    submission_id uuid NOT NULL
                  CONSTRAINT phone_codes_submission_id_fkey REFERENCES submissions,
    phone_sealed  text NOT NULL,
    phone_index   text NOT NULL,
    code_hash     text NOT NULL,
    sent          boolean NOT NULL,
    attempts      int NOT NULL DEFAULT 0,
    requested_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz
);
CREATE INDEX phone_codes_submission_id ON phone_codes (submission_id, requested_at);
CREATE INDEX phone_codes_requested_at ON phone_codes (requested_at)
"""


def upgrade() -> None:
    """Nothing of it is known of submissions of before."""
    for script in (STEPS, SAID, CODES):
        run_script(script)
