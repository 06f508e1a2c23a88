"""A notice that its place has not acknowledged is reminded of; each reminder is there once."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

REMINDERS = """
CREATE TABLE notice_reminders (
    notice_id   uuid NOT NULL CONSTRAINT notice_reminders_notice_id_fkey REFERENCES notices,
    number      int NOT NULL,
    due_at      timestamptz NOT NULL,
    detected_at timestamptz NOT NULL,
    CONSTRAINT notice_reminders_pkey PRIMARY KEY (notice_id, number),
    CONSTRAINT notice_reminders_not_early CHECK (due_at <= detected_at)
);
REVOKE UPDATE, DELETE, TRUNCATE ON notice_reminders FROM mashang_verification;
CREATE TRIGGER notice_reminders_append_only BEFORE UPDATE OR DELETE ON notice_reminders
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
OF_A_NOTICE = "EXISTS (SELECT FROM notices n WHERE n.notice_id = notice_reminders.notice_id)"


def upgrade() -> None:
    """Whoever sees a notice sees when it was reminded of."""
    run_script(REMINDERS)
    secure("notice_reminders", OF_A_NOTICE)
