"""What is asked of the level above: more time for a verification, or not to lead a case.

One open request of a kind for each case; how it ended is said by somebody, or by its due time.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

REQUESTS = """
ALTER TABLE cases ADD COLUMN extensions int NOT NULL DEFAULT 0;
CREATE TABLE case_requests (
    request_id    uuid CONSTRAINT case_requests_pkey PRIMARY KEY,
    case_id       uuid NOT NULL CONSTRAINT case_requests_case_id_fkey REFERENCES cases,
    kind          text NOT NULL
        CONSTRAINT case_requests_kind_known CHECK (kind IN ('extension', 'dispute')),
    asked_by      text NOT NULL,
    asked_role    text NOT NULL,
    reason_sealed text NOT NULL,
    days          int CONSTRAINT case_requests_days CHECK ((days > 0) = (kind = 'extension')),
    asked_at      timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    outcome       text CONSTRAINT case_requests_outcome_known
        CHECK (outcome IN ('granted', 'refused', 'lapsed')),
    decided_by    text,
    decided_at    timestamptz,
    CONSTRAINT case_requests_decided CHECK ((outcome IS NULL) = (decided_at IS NULL)
        AND (decided_by IS NOT NULL) = (coalesce(outcome, 'lapsed') <> 'lapsed'))
);
CREATE UNIQUE INDEX case_requests_open ON case_requests (case_id, kind) WHERE outcome IS NULL;
CREATE INDEX case_requests_due ON case_requests (due_at) WHERE outcome IS NULL;
CREATE INDEX cases_helped ON cases USING gin (helpers) WHERE helpers <> '{}'
"""


def upgrade() -> None:
    """Whoever sees the case sees what was asked."""
    run_script(REQUESTS)
    secure("case_requests", "EXISTS (SELECT FROM cases c WHERE c.case_id = case_requests.case_id)")
