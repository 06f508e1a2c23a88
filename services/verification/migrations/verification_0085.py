"""What was once done for a citizen, whatever is open again: the figures count by that.

When they were first reached, when the first verdict that took effect was handed in, each with when
it was due then; and the verdict in force, which stands while a follow-up is looked at.
An officer's appeals are found by an index.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

COLUMNS = """
ALTER TABLE cases ADD COLUMN reached_at timestamptz, ADD COLUMN reached_due_at timestamptz,
    ADD COLUMN handed_at timestamptz, ADD COLUMN handed_due_at timestamptz,
    ADD COLUMN in_force text,
    ADD CONSTRAINT cases_in_force CHECK ((handed_at IS NULL) = (in_force IS NULL))
"""
OF_OFFICER = """
CREATE INDEX case_requests_of_officer ON case_requests (badge, asked_at) WHERE badge IS NOT NULL
"""
# When a call before a follow-up was due is not known; such a one counts as made, not as in time.
REACHED = """
UPDATE cases c SET reached_at = first.called_at,
    reached_due_at = CASE WHEN first.called_at >= coalesce(c.reopened_at, c.received_at)
                          THEN c.callback_due_at END
FROM (SELECT case_id, min(called_at) AS called_at FROM callback_attempts
      WHERE outcome = 'reached' GROUP BY case_id) AS first
WHERE first.case_id = c.case_id
"""
# A verdict took effect at once, or when somebody confirmed it.
HANDED = """
UPDATE cases c SET handed_at = first.submitted_at, handed_due_at = first.due_at,
    in_force = newest.verdict
FROM (SELECT case_id, min(revision) AS first, max(revision) AS newest
      FROM (SELECT case_id, (details->>'revision')::int AS revision FROM case_actions
            WHERE action IN ('verdict', 'review') AND details->>'state' = 'verified') AS told
      GROUP BY case_id) AS effects
JOIN verdicts first ON first.case_id = effects.case_id AND first.revision = effects.first
JOIN verdicts newest ON newest.case_id = effects.case_id AND newest.revision = effects.newest
WHERE effects.case_id = c.case_id
"""
# What the time line does not tell of, the case does.
STANDING = """
UPDATE cases SET handed_at = verified_at, handed_due_at = verification_due_at, in_force = verdict
WHERE state = 'verified' AND handed_at IS NULL
"""


def upgrade() -> None:
    """Cases of before are told by their time lines."""
    for block in (COLUMNS, OF_OFFICER, REACHED, HANDED, STANDING):
        run_script(block)
