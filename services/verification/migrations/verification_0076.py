"""A file of the directory that waits for whoever sent it to say "yes"; an hour, and sealed."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

PREVIEWS = """
CREATE TABLE import_previews (
    preview_id  uuid CONSTRAINT import_previews_pkey PRIMARY KEY,
    username    text NOT NULL CONSTRAINT import_previews_username_fkey REFERENCES operators,
    file_sealed bytea NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX import_previews_old ON import_previews (made_at)
"""


def upgrade() -> None:
    """Each sees their own."""
    run_script(PREVIEWS)
    secure("import_previews", r"'@' || username = ANY(string_to_array(mashang_badge(), E'\x1f'))")
