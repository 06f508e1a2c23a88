"""Photos and recordings may come with words of praise, too; whoever may read these may see them."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)


def upgrade() -> None:
    """Until now none were kept."""
    run_script("ALTER TABLE commendations ADD COLUMN attachments text[] NOT NULL DEFAULT '{}'")
