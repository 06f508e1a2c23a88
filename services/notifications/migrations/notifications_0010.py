"""Whose answer was rated before its verdict was heard of here: who has said it is not asked."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# `revision` is the newest verdict that was rated; 0 while none was. The row is what a rating and a
# verdict that come at once wait for one another at.
RATED = """
CREATE TABLE rated (
    submission_id uuid CONSTRAINT rated_pkey PRIMARY KEY,
    revision      int NOT NULL
)
"""


def upgrade() -> None:
    """A new table; what is asked by now stays asked."""
    run_script(RATED)
