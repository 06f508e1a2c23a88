"""Units by name, so that people read where a reward was earned."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Units of before have no name until they are told again.
NAME = "ALTER TABLE units ADD COLUMN name text NOT NULL DEFAULT ''"


def upgrade() -> None:
    """Add the column."""
    run_script(NAME)
