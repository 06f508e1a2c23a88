"""Somebody is told by SMS of unpaid rewards before their two days are over; when that was."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

ALERTS = """
CREATE TABLE alerts (
    alert_id   uuid CONSTRAINT alerts_pkey PRIMARY KEY,
    due_at     timestamptz NOT NULL,
    until_at   timestamptz NOT NULL,
    alerted_at timestamptz NOT NULL
);
CREATE INDEX alerts_newest ON alerts (alerted_at DESC);
REVOKE UPDATE, DELETE, TRUNCATE ON alerts FROM mashang_rewards;
CREATE TRIGGER alerts_append_only BEFORE UPDATE OR DELETE ON alerts
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """A new table; what is late by now is told of at once."""
    run_script(ALERTS)
