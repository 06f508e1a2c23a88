"""Messages are found by their submission, so that what lies held can be forgotten with it."""

from shared.migrate import run_script

revision = "notifications_0003"
down_revision = "notifications_0002"
depends_on = None


def upgrade() -> None:
    """Only held ones still have a phone for long."""
    run_script("CREATE INDEX messages_held ON messages (submission_id) WHERE state = 'held'")
