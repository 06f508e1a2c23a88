"""Who works on a case: one lead, and others who help; everything of before has nobody yet."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

PEOPLE = """
ALTER TABLE cases ADD COLUMN lead text, ADD COLUMN helpers text[] NOT NULL DEFAULT '{}';
CREATE INDEX cases_led ON cases (lead, (CASE WHEN urgent THEN 0 ELSE 1 END), next_due_at, case_id)
    WHERE lead IS NOT NULL AND next_due_at IS NOT NULL
"""


def upgrade() -> None:
    """The index gives what somebody leads, the most pressing first."""
    run_script(PEOPLE)
