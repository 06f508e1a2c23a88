"""Verdicts that wait for a phone, by unit: who sees few units counts theirs alone."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEX = """
CREATE INDEX verdicts_waiting_of_unit ON verdicts ((waiting->>'unit_code'))
    WHERE waiting IS NOT NULL
"""


def upgrade() -> None:
    """Nothing changes but the way to it."""
    run_script(INDEX)
