"""When the first verdict of a case was handed in, and when it was due."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

HANDED = """
CREATE TABLE handed_in (
    case_id   uuid CONSTRAINT handed_in_pkey PRIMARY KEY,
    revision  int NOT NULL,
    unit_code text NOT NULL,
    handed_at timestamptz NOT NULL,
    due_at    timestamptz NOT NULL
)
"""


def upgrade() -> None:
    """Of verdicts of before it is not known; they count as neither."""
    run_script(HANDED)
    secure("handed_in", "unit_code IN (SELECT unit_code FROM units)")
