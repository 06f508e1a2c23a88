"""Messages are found by their submission, so that what lies held can be forgotten with it."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)


def upgrade() -> None:
    """Only held ones still have a phone for long."""
    run_script("CREATE INDEX messages_held ON messages (submission_id) WHERE state = 'held'")
