"""What people call a case by, and from whom the desk keeps it: no link leads to a wall."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Cases of before are called by nothing; their pages are found by their id.
NUMBERED = """
ALTER TABLE verdicts ADD COLUMN number text NOT NULL DEFAULT '';
ALTER TABLE verdicts ADD COLUMN recused text[] NOT NULL DEFAULT '{}'
"""


def upgrade() -> None:
    """Told with the verdict."""
    run_script(NUMBERED)
