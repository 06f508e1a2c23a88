"""What citizens asked of their own data, and what was erased: phones, words and photos.

The service's role may change none of what was received: a function erases what is personal in it,
and can do nothing else.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

REQUESTS = """
CREATE TABLE data_requests (
    request_id    uuid CONSTRAINT data_requests_pkey PRIMARY KEY,
    submission_id uuid NOT NULL
                  CONSTRAINT data_requests_submission_id_fkey REFERENCES submissions,
    kind          text NOT NULL CONSTRAINT data_requests_kind_known
                  CHECK (kind IN ('copy', 'correction', 'deletion')),
    words_sealed  text,
    asked_at      timestamptz NOT NULL,
    done_at       timestamptz
);
CREATE INDEX data_requests_submission_id ON data_requests (submission_id, asked_at);
CREATE INDEX data_requests_personal ON data_requests (asked_at) WHERE words_sealed IS NOT NULL;
CREATE INDEX data_requests_waiting ON data_requests (submission_id) WHERE done_at IS NULL;
REVOKE UPDATE, DELETE, TRUNCATE ON data_requests FROM mashang_intake;
GRANT UPDATE (words_sealed, done_at) ON data_requests TO mashang_intake;
CREATE TRIGGER data_requests_append_only BEFORE DELETE ON data_requests
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE data_failures (
    submission_id uuid NOT NULL,
    failed_at     timestamptz NOT NULL
);
CREATE INDEX data_failures_submission_id ON data_failures (submission_id, failed_at);
CREATE TABLE erasures (
    submission_id uuid CONSTRAINT erasures_pkey PRIMARY KEY
                  CONSTRAINT erasures_submission_id_fkey REFERENCES submissions,
    erased_at     timestamptz NOT NULL
)
"""

ERASING = """
CREATE INDEX submissions_personal ON submissions (received_at)
    WHERE words_sealed IS NOT NULL OR phone_sealed IS NOT NULL;
CREATE INDEX additions_personal ON additions (added_at)
    WHERE words_sealed IS NOT NULL OR officer_typed_sealed IS NOT NULL;
CREATE INDEX followups_personal ON followups (received_at) WHERE words_sealed IS NOT NULL;
CREATE INDEX contacts_personal ON contacts (bound_at) WHERE phone_sealed IS NOT NULL;
CREATE FUNCTION erase_submissions(ids uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    UPDATE submissions
    SET words_sealed = NULL, phone_sealed = NULL, phone_index = NULL, details = NULL
    WHERE id = ANY(ids);
    UPDATE additions SET words_sealed = NULL, officer_typed_sealed = NULL
    WHERE submission_id = ANY(ids)
$$;
REVOKE EXECUTE ON FUNCTION erase_submissions(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_submissions(uuid[]) TO mashang_intake
"""


def upgrade() -> None:
    """Nothing of before is erased by this."""
    run_script(REQUESTS)
    run_script(ERASING)
