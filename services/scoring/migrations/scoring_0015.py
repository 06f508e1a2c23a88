"""Entries name the policy by which they were judged; leadership's alerts, proposed inspections."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# By the day from which that policy is in force; of what was written before nobody wrote it down.
EDITIONS = """
ALTER TABLE demands ADD COLUMN edition date;
ALTER TABLE points_entries ADD COLUMN edition date
"""

RULES = """
ALTER TABLE sanctions DROP CONSTRAINT sanctions_rule_known, DROP CONSTRAINT sanctions_badge,
    ADD CONSTRAINT sanctions_rule_known CHECK (
        rule IN ('accountability', 'transfer', 'alert', 'interview', 'inspection')),
    ADD CONSTRAINT sanctions_badge CHECK (
        (rule IN ('interview', 'inspection')) = (badge IS NULL));
ALTER TABLE papers DROP CONSTRAINT papers_kind_known, ADD CONSTRAINT papers_kind_known CHECK (
    kind IN ('accountability', 'transfer', 'alert', 'interview', 'inspection', 'clearing'))
"""


def upgrade() -> None:
    """What is demanded by the new rules of the cases of before waits for their next change."""
    run_script(EDITIONS)
    run_script(RULES)
