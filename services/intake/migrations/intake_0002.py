"""A unit names the place above it, of whatever level."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)


def upgrade() -> None:
    """What was the county is the place above."""
    run_script("ALTER TABLE units RENAME COLUMN county TO parent")
