"""What was held, and whether somebody has released it since."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

HOLDS = """
ALTER TABLE submissions ADD COLUMN held boolean NOT NULL DEFAULT false;
CREATE TABLE holds (
    submission_id uuid CONSTRAINT holds_pkey PRIMARY KEY,
    unit_code     text NOT NULL,
    number        int NOT NULL,
    outcome       text NOT NULL CONSTRAINT holds_outcome_known
                  CHECK (outcome IN ('released', 'set_aside'))
)
"""


def upgrade() -> None:
    """Nothing of before was held."""
    run_script(HOLDS)
    secure("holds", "unit_code IN (SELECT unit_code FROM units)")
