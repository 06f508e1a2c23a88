"""Open cases that are the inspection's are few, and counted every few seconds."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INSPECTED = """
CREATE INDEX cases_inspected ON cases (unit_code)
    WHERE next_due_at IS NOT NULL AND '!' = ANY(recused)
"""


def upgrade() -> None:
    """Only the index."""
    run_script(INSPECTED)
