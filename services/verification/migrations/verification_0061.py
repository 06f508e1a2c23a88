"""Choices of cases that an operator has given a name, to come back to them."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# `asked` is what stands in the address of such a list.
VIEWS = """
CREATE TABLE saved_views (
    username text NOT NULL CONSTRAINT saved_views_username_fkey REFERENCES operators,
    title    text NOT NULL,
    asked    text NOT NULL,
    CONSTRAINT saved_views_pkey PRIMARY KEY (username, title)
)
"""


def upgrade() -> None:
    """Each sees their own."""
    run_script(VIEWS)
    secure("saved_views", r"'@' || username = ANY(string_to_array(mashang_badge(), E'\x1f'))")
