"""What was held for review, and whether it counts; the kind of a unit, for its opening hours."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

HOLDS = """
CREATE TABLE holds (
    submission_id uuid CONSTRAINT holds_pkey PRIMARY KEY,
    number        int NOT NULL,
    outcome       text NOT NULL CONSTRAINT holds_outcome_known
                  CHECK (outcome IN ('released', 'set_aside')),
    ended_at      timestamptz NOT NULL
);
ALTER TABLE units ADD COLUMN kind text NOT NULL DEFAULT ''
"""


def upgrade() -> None:
    """A unit's kind comes with the directory's next word."""
    run_script(HOLDS)
