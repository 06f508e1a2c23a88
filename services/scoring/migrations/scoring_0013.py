"""A month's figures, and the last three months of a unit, by an index."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEXES = """
CREATE INDEX submissions_complained ON submissions (received_at) WHERE kind = 'complaint';
CREATE INDEX verdicts_found_true ON verdicts (received_at)
    WHERE kind = 'complaint' AND verdict IN ('substantiated', 'partly');
CREATE INDEX cases_submission_id ON cases (submission_id);
CREATE INDEX rewards_case_id ON rewards (case_id);
CREATE INDEX commendations_said_at ON commendations (said_at);
CREATE INDEX attributions_said_at ON attributions (said_at) WHERE badge IS NOT NULL
"""


def upgrade() -> None:
    """Nothing changes but the way to it."""
    run_script(INDEXES)
