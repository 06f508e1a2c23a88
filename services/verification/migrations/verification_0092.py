"""A case remembers the trace of its citizen, in which a verdict of days later is told."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)


def upgrade() -> None:
    """Cases of before have none."""
    run_script("ALTER TABLE cases ADD COLUMN traceparent text")
