"""What was found true of a unit, and what documents are about it, are found by unit and time."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEXES = """
CREATE INDEX verdicts_found_of_unit ON verdicts (unit_code, received_at)
    WHERE kind = 'complaint' AND verdict IN ('substantiated', 'partly');
CREATE INDEX criticisms_of_unit ON criticisms (unit_code, issued_at);
CREATE INDEX papers_of_unit ON papers (unit_code, issued_at)
"""


def upgrade() -> None:
    """Nothing changes but the way to it."""
    run_script(INDEXES)
