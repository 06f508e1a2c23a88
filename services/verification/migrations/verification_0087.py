"""Which numbered documents wait to be read at a unit, however many were read before."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

PAPERS = """
CREATE TABLE papers (
    paper     text CONSTRAINT papers_pkey PRIMARY KEY,
    unit_code text NOT NULL,
    badge     text,
    version   int NOT NULL,
    waits     boolean NOT NULL
);
CREATE INDEX papers_waiting ON papers (unit_code) WHERE waits
"""


def upgrade() -> None:
    """Seen where the unit is."""
    run_script(PAPERS)
    secure("papers", "unit_code IN (SELECT unit_code FROM units)")
