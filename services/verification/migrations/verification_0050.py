"""Supervision notices 督办通知: numbered by year, at most one for a case, deadline and level.

A moved deadline is another one, so that its levels begin anew. Who may see the case sees them.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

NOTICES = """
CREATE TABLE notices (
    notice_id   uuid CONSTRAINT notices_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    year        int NOT NULL,
    number      int NOT NULL,
    case_id     uuid NOT NULL CONSTRAINT notices_case_id_fkey REFERENCES cases,
    unit_code   text NOT NULL,
    deadline_at timestamptz NOT NULL,
    level       int NOT NULL CONSTRAINT notices_level_from_one CHECK (level >= 1),
    level_key   text NOT NULL,
    place_code  text NOT NULL,
    copy_to     text CONSTRAINT notices_copy_elsewhere CHECK (copy_to <> place_code),
    due_at      timestamptz NOT NULL,
    detected_at timestamptz NOT NULL,
    policy_from date NOT NULL,
    CONSTRAINT notices_once UNIQUE (case_id, deadline_at, level),
    CONSTRAINT notices_number UNIQUE (year, number),
    CONSTRAINT notices_not_early CHECK (deadline_at <= due_at AND due_at <= detected_at)
);
CREATE INDEX notices_of_place ON notices (place_code, year, number);
CREATE TABLE notice_acknowledgements (
    notice_id       uuid CONSTRAINT notice_acknowledgements_pkey PRIMARY KEY
                    CONSTRAINT notice_acknowledgements_notice_id_fkey REFERENCES notices,
    username        text NOT NULL,
    plan_sealed     text,
    acknowledged_at timestamptz NOT NULL
);
CREATE INDEX cases_late ON cases (verification_due_at) WHERE state = 'open'
"""
APPEND_ONLY = "".join(
    f"""
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_verification;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
    for table in ("notices", "notice_acknowledgements")
)
OF_A_CASE = "EXISTS (SELECT FROM cases c WHERE c.case_id = notices.case_id)"
OF_A_NOTICE = "EXISTS (SELECT FROM notices n WHERE n.notice_id = notice_acknowledgements.notice_id)"


def upgrade() -> None:
    """What is late already is told of at once, each level as of when it was due."""
    run_script(NOTICES)
    run_script(APPEND_ONLY)
    secure("notices", OF_A_CASE)
    secure("notice_acknowledgements", OF_A_NOTICE)
