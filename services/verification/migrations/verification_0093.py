"""An officer's appeals are found by the officer, newest first."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)


def upgrade() -> None:
    """However many others appeal."""
    run_script(
        """CREATE INDEX case_requests_heard ON case_requests (badge, asked_at DESC, case_id)
           WHERE kind = 'appeal'"""
    )
