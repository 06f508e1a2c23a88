"""A unit names the place above it, of whatever level."""

from shared.migrate import run_script

revision = "intake_0002"
down_revision = "intake_0001"


def upgrade() -> None:
    """What was the county is the place above."""
    run_script("ALTER TABLE units RENAME COLUMN county TO parent")
