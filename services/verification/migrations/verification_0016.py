"""The inbox reads a page a unit: each unit's open cases lie in the order in which they are worked.

A case that waits for its second look is found by itself.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

ORDER = "unit_code, (CASE WHEN urgent THEN 0 ELSE 1 END), next_due_at, case_id"
INDEXES = f"""
CREATE INDEX cases_open_of_unit ON cases ({ORDER}) WHERE next_due_at IS NOT NULL;
CREATE INDEX cases_review_of_unit ON cases ({ORDER}) WHERE review_due_at IS NOT NULL
"""


def upgrade() -> None:
    """Beside the index over all units, by which the overdue are counted."""
    run_script(INDEXES)
