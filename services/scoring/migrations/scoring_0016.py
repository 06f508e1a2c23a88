"""Appeals of officers, as verification tells them: while one waits, its strike is provisional."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

APPEALS = """
CREATE TABLE appeals (
    appeal_id uuid CONSTRAINT appeals_pkey PRIMARY KEY,
    case_id   uuid NOT NULL,
    unit_code text NOT NULL,
    badge     text NOT NULL,
    revision  int NOT NULL,
    state     text NOT NULL CONSTRAINT appeals_state_known
              CHECK (state IN ('filed', 'upheld', 'overturned')),
    due_at    timestamptz NOT NULL,
    version   int NOT NULL
);
CREATE INDEX appeals_by_badge ON appeals (badge)
"""


def upgrade() -> None:
    """Visible where its unit is."""
    run_script(APPEALS)
    secure("appeals", "unit_code IN (SELECT unit_code FROM units)")
