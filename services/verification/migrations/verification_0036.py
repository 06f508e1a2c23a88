"""Evidence: photos and recordings that staff add to a case. It can only be added to."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

EVIDENCE = """
CREATE TABLE evidence (
    name         text NOT NULL,
    case_id      uuid NOT NULL CONSTRAINT evidence_case_id_fkey REFERENCES cases,
    about_sealed text NOT NULL,
    added_by     text NOT NULL,
    added_at     timestamptz NOT NULL,
    CONSTRAINT evidence_pkey PRIMARY KEY (case_id, name)
);
REVOKE UPDATE, DELETE, TRUNCATE ON evidence FROM mashang_verification;
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Whoever may see a case sees its evidence."""
    run_script(EVIDENCE)
    secure("evidence", "EXISTS (SELECT FROM cases c WHERE c.case_id = evidence.case_id)")
