"""Praise by name is read, by unit and month; and what the desk says of whom the rest means."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# The newest word on each commendation that names nobody itself; without a badge it was taken back.
ATTRIBUTIONS = """
CREATE TABLE attributions (
    commendation_id uuid CONSTRAINT attributions_pkey PRIMARY KEY,
    submission_id   uuid NOT NULL,
    unit_code       text NOT NULL,
    badge           text,
    said_at         timestamptz NOT NULL,
    number          int NOT NULL
);
CREATE INDEX attributions_badge ON attributions (badge, said_at) WHERE badge IS NOT NULL;
CREATE INDEX attributions_unit_code ON attributions (unit_code, said_at) WHERE badge IS NOT NULL;
CREATE INDEX commendations_unit_code ON commendations (unit_code, said_at)
"""


def upgrade() -> None:
    """Visible where its unit is, like the praise itself."""
    run_script(ATTRIBUTIONS)
    secure("attributions", "unit_code IN (SELECT unit_code FROM units)")
