"""Units by name, so that people read where a reward was earned."""

from shared.migrate import run_script

revision = "rewards_0004"
down_revision = "rewards_0003"
branch_labels = None
depends_on = None

# Units of before have no name until they are told again.
NAME = "ALTER TABLE units ADD COLUMN name text NOT NULL DEFAULT ''"


def upgrade() -> None:
    """Add the column."""
    run_script(NAME)
