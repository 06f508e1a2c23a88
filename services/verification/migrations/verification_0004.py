"""Incidents: how often a case has changed its own, and what a verdict wants to join."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# `joins` is another case of the same event, or the case itself when it is to stand apart.
INCIDENTS = """
ALTER TABLE cases ADD COLUMN incident_version int NOT NULL DEFAULT 0;
ALTER TABLE verdicts ADD COLUMN joins uuid
"""


def upgrade() -> None:
    """Rows of before keep the incident that they have."""
    run_script(INCIDENTS)
