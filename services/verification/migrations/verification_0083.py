"""A password that somebody was given works for a while, and opens only the page to choose another.

What was given before goes on as it is.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

TEMPORARY = """
ALTER TABLE operators ADD COLUMN password_until timestamptz;
ALTER TABLE sessions ADD COLUMN renews boolean NOT NULL DEFAULT false
"""


def upgrade() -> None:
    """`renews` is a session of somebody who has still to choose a password."""
    run_script(TEMPORARY)
