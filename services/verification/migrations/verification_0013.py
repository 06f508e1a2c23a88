"""Praise by name reaches whom it names, also when they serve elsewhere by now."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

OFFICERS = """
CREATE INDEX commendations_officer ON commendations (officer_badge, commendation_id)
    WHERE officer_badge IS NOT NULL;
DROP POLICY commendations_seen ON commendations
"""
BELOW = "unit_code IN (SELECT unit_code FROM units)"
OWN = r"officer_badge = ANY(string_to_array(mashang_badge(), E'\x1f'))"


def upgrade() -> None:
    """The unit and those above it see it as before."""
    run_script(OFFICERS)
    secure("commendations", f"{BELOW} OR {OWN}")
