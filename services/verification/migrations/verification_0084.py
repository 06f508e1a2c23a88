"""What the directory's changes leave to be examined is found by an index, the unfinished first."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEX = """
CREATE INDEX cases_unfinished_examined ON cases (unit_code, examined) WHERE state <> 'verified'
"""


def upgrade() -> None:
    """Nothing else."""
    run_script(INDEX)
