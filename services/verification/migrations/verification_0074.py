"""Evidence that is on its way: its file is stored before it stands on the case.

Where a process died between, the file is nobody's: it is found here, and removed.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

COMING = """
CREATE TABLE evidence_coming (
    name     text CONSTRAINT evidence_coming_pkey PRIMARY KEY,
    case_id  uuid NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT mashang_now(),
    leaving  boolean NOT NULL DEFAULT false
);
CREATE INDEX evidence_coming_begun ON evidence_coming (begun_at)
"""


def upgrade() -> None:
    """Of what was lost before nobody knows."""
    run_script(COMING)
