"""Cases of an incident, marks by the day of their verdict, and appeals that are not over."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEXES = """
CREATE INDEX verdicts_of_incident ON verdicts (incident_id);
CREATE INDEX incidents_of_incident ON incidents (incident_id);
CREATE INDEX verdicts_marking ON verdicts (unit_code, verified_at) WHERE kind = 'complaint'
    AND verdict IN ('substantiated', 'partly') AND attribution = 'officers';
CREATE INDEX appeals_of_unit ON appeals (unit_code) WHERE state <> 'upheld'
"""


def upgrade() -> None:
    """Nothing changes but the way to it."""
    run_script(INDEXES)
