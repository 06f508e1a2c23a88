"""What staff took in for citizens, by whom; and the receipts that are still to go out by SMS."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# A receipt waits here for a moment: its submission is stored by another statement, and whoever dies
# between the two leaves what a job then finishes.
FILED = """
CREATE TABLE receipts_due (
    receipt_hash bytea CONSTRAINT receipts_due_pkey PRIMARY KEY,
    username     text NOT NULL,
    way          text NOT NULL,
    language     text NOT NULL,
    link_sealed  text NOT NULL,
    noted_at     timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX receipts_due_noted_at ON receipts_due (noted_at);
CREATE TABLE filings (
    submission_id uuid CONSTRAINT filings_pkey PRIMARY KEY
                  CONSTRAINT filings_submission_id_fkey REFERENCES submissions,
    unit_code     text NOT NULL,
    username      text NOT NULL,
    way           text NOT NULL CONSTRAINT filings_way_known CHECK (way IN ('phone', 'walk_in')),
    filed_at      timestamptz NOT NULL
);
CREATE INDEX filings_username ON filings (username, filed_at);
CREATE INDEX filings_filed_at ON filings (filed_at);
REVOKE UPDATE, DELETE, TRUNCATE ON filings FROM mashang_intake;
CREATE TRIGGER filings_append_only BEFORE UPDATE OR DELETE ON filings
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
# Whoever filed it, and the auditors above the unit; the unit itself is not told who spoke for
# somebody.
SEEN = r"""'@' || username = ANY(string_to_array(mashang_badge(), E'\x1f'))
    OR (NOT string_to_array(mashang_badge(), E'\x1f') && ARRAY['!', '=']
        AND EXISTS (SELECT FROM units u WHERE u.code = filings.unit_code
            AND (u.code = mashang_scope() OR u.path @> ARRAY[mashang_scope()])))"""


def upgrade() -> None:
    """Nobody filed anything before."""
    run_script(FILED)
    secure("filings", SEEN)
