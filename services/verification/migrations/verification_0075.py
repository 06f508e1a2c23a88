"""Keys that operators have chosen for themselves: own ones by the usual ones, or none at all."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

CHOICES = """
CREATE TABLE key_choices (
    username text CONSTRAINT key_choices_pkey PRIMARY KEY
             CONSTRAINT key_choices_username_fkey REFERENCES operators,
    single   boolean NOT NULL,
    own      jsonb NOT NULL
)
"""


def upgrade() -> None:
    """Each sees their own."""
    run_script(CHOICES)
    secure("key_choices", r"'@' || username = ANY(string_to_array(mashang_badge(), E'\x1f'))")
