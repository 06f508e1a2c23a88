"""A second factor beside the password, and where somebody is signed in.

A session `waits` between password and second factor, and opens nothing. A factor without
`confirmed_at` was shown and never used. Of recovery codes only hashes are here.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

FACTORS = """
CREATE TABLE second_factors (
    username      text CONSTRAINT second_factors_pkey PRIMARY KEY
                  CONSTRAINT second_factors_username_fkey REFERENCES operators,
    secret_sealed text NOT NULL,
    confirmed_at  timestamptz,
    last_step     bigint NOT NULL DEFAULT 0
);
CREATE TABLE recovery_codes (
    username  text NOT NULL CONSTRAINT recovery_codes_username_fkey
              REFERENCES second_factors ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (username, code_hash)
);
ALTER TABLE sessions ADD COLUMN waits boolean NOT NULL DEFAULT false,
    ADD COLUMN agent text NOT NULL DEFAULT '', ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN confirmed_at timestamptz NOT NULL DEFAULT 'epoch'
"""


def upgrade() -> None:
    """Who is signed in stays so."""
    run_script(FACTORS)
