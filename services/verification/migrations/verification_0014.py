"""Photos and recordings may come with words of praise, too; whoever may read these may see them."""

from shared.migrate import run_script

revision = "verification_0014"
down_revision = "verification_0013"
depends_on = None


def upgrade() -> None:
    """Until now none were kept."""
    run_script("ALTER TABLE commendations ADD COLUMN attachments text[] NOT NULL DEFAULT '{}'")
