"""Incidents as verification told them: the newest change of each case, whenever it is heard."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

INCIDENTS = """
CREATE TABLE incidents (
    case_id     uuid CONSTRAINT incidents_pkey PRIMARY KEY,
    incident_id uuid NOT NULL,
    unit_code   text NOT NULL,
    version     int NOT NULL
)
"""

# A case may leave an incident and come back before its next revision is heard.
STRIKES = """
ALTER TABLE strikes DROP CONSTRAINT strikes_once_a_revision;
CREATE INDEX strikes_by_badge ON strikes (badge)
"""


def upgrade() -> None:
    """Until the first change the verdict's own incident counts."""
    run_script(INCIDENTS)
    secure("incidents", "unit_code IN (SELECT unit_code FROM units)")
    run_script(STRIKES)
