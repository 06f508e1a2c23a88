"""Phones that no vendor of airtime tops up, by their own word: the citizen is asked for another."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

REFUSED = "ALTER TABLE cases ADD COLUMN phone_refused boolean NOT NULL DEFAULT false"


def upgrade() -> None:
    """Of phones of before nobody has heard."""
    run_script(REFUSED)
