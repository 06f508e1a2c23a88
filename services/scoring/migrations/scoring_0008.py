"""Commendations: whom citizens praised by name, with words that scoring never sees."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# `commendation_id` is the submission's own id, or that of what was added to it.
COMMENDATIONS = """
CREATE TABLE commendations (
    commendation_id uuid CONSTRAINT commendations_pkey PRIMARY KEY,
    submission_id   uuid NOT NULL,
    unit_code       text NOT NULL,
    badge           text NOT NULL,
    said_at         timestamptz NOT NULL
);
CREATE INDEX commendations_badge ON commendations (badge, said_at);
REVOKE UPDATE, DELETE, TRUNCATE ON commendations FROM mashang_scoring
"""


def upgrade() -> None:
    """Visible where its unit is."""
    run_script(COMMENDATIONS)
    secure("commendations", "unit_code IN (SELECT unit_code FROM units)")
