"""Which verdicts are from before rules that count many: a job looks at their units once."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# What is scored from now on has been looked at.
OLDER = """
ALTER TABLE verdicts ADD COLUMN older boolean NOT NULL DEFAULT true;
ALTER TABLE verdicts ALTER COLUMN older SET DEFAULT false;
CREATE INDEX verdicts_older ON verdicts (unit_code) WHERE older
"""


def upgrade() -> None:
    """All that are there; the job finds those for which nothing is missing, too."""
    run_script(OLDER)
