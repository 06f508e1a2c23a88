"""The open figures say which verdicts were handed in on the calendar day of receipt."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Every story is told once more: when a verdict was handed in that took effect later stands there.
FACTS = """
ALTER TABLE open_facts ADD COLUMN verified_same_day boolean NOT NULL DEFAULT false;
INSERT INTO story_news (submission_id) SELECT DISTINCT submission_id FROM timeline
"""


def upgrade() -> None:
    """What was counted before is counted anew."""
    run_script(FACTS)
