"""A verdict may name the windows that it is about, and each officer's strikes are found at once."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

COUNTERS = """
ALTER TABLE verdicts ADD COLUMN counters int[] NOT NULL DEFAULT '{}';
CREATE INDEX cases_officers ON cases USING gin (officers)
"""


def upgrade() -> None:
    """Verdicts of before name none."""
    run_script(COUNTERS)
