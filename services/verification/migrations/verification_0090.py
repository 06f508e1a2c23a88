"""What was praised is found by its submission, which may be forgotten, by an index."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEX = "CREATE INDEX commendations_submission ON commendations (submission_id)"


def upgrade() -> None:
    """Nothing else."""
    run_script(INDEX)
