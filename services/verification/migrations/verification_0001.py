"""The directory, operators and their sessions, cases with everything that was done to them."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0001"

DIRECTORY = """
CREATE TABLE units (
    unit_code   text CONSTRAINT units_pkey PRIMARY KEY
                CONSTRAINT units_unit_code_form CHECK (unit_code ~ '^[0-9]{9}$'),
    name        text NOT NULL,
    county      text NOT NULL,
    county_code text NOT NULL GENERATED ALWAYS AS (left(unit_code, 6)) STORED,
    kind        text NOT NULL,
    counters    int NOT NULL CONSTRAINT units_counters_range CHECK (counters BETWEEN 1 AND 99),
    active      boolean NOT NULL,
    version     int NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE TABLE officers (
    badge       text CONSTRAINT officers_pkey PRIMARY KEY
                CONSTRAINT officers_badge_form CHECK (badge ~ '^[0-9]{6}$'),
    name        text NOT NULL,
    unit_code   text NOT NULL CONSTRAINT officers_unit_code_fkey REFERENCES units,
    phone_index text,
    active      boolean NOT NULL,
    version     int NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX officers_unit_code ON officers (unit_code);
CREATE TABLE operators (
    username      text CONSTRAINT operators_pkey PRIMARY KEY,
    name          text NOT NULL,
    role          text NOT NULL CONSTRAINT operators_role_known CHECK (role IN (
                      'unit_operator', 'county_supervisor', 'city_supervisor',
                      'reward_approver', 'auditor', 'administrator')),
    scope         text NOT NULL
                  CONSTRAINT operators_scope_form CHECK (scope ~ '^([0-9]{6}|[0-9]{9})$'),
    badge         text CONSTRAINT operators_badge_fkey REFERENCES officers,
    password_hash text,
    active        boolean NOT NULL,
    changed_at    timestamptz NOT NULL DEFAULT mashang_now()
)
"""

SIGN_IN = """
CREATE TABLE sessions (
    token_hash bytea CONSTRAINT sessions_pkey PRIMARY KEY,
    username   text NOT NULL CONSTRAINT sessions_username_fkey REFERENCES operators,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_username ON sessions (username);
CREATE TABLE sign_in_failures (
    username     text CONSTRAINT sign_in_failures_pkey PRIMARY KEY,
    failures     int NOT NULL DEFAULT 0,
    failed_at    timestamptz NOT NULL,
    locked_until timestamptz NOT NULL
)
"""

# next_due_at is the earliest duty that is still unmet; null when there is none.
CASES = """
CREATE TABLE cases (
    case_id             uuid CONSTRAINT cases_pkey PRIMARY KEY,
    submission_id       uuid NOT NULL CONSTRAINT cases_submission_id_key UNIQUE,
    incident_id         uuid NOT NULL,
    kind                text NOT NULL
                        CONSTRAINT cases_kind_known
                        CHECK (kind IN ('rating', 'complaint', 'request')),
    unit_code           text NOT NULL,
    counter             int,
    satisfaction        int,
    categories          text[] NOT NULL,
    words_sealed        text,
    phone_sealed        text,
    phone_index         text,
    officer_badge       text,
    urgent              boolean NOT NULL,
    language            text NOT NULL,
    received_at         timestamptz NOT NULL,
    opened_at           timestamptz NOT NULL,
    callback_due_at     timestamptz NOT NULL,
    verification_due_at timestamptz NOT NULL,
    callback_state      text NOT NULL CONSTRAINT cases_callback_state_known
                        CHECK (callback_state IN ('open', 'reached', 'unreached', 'no_phone')),
    callback_settled_at timestamptz,
    state               text NOT NULL DEFAULT 'open' CONSTRAINT cases_state_known
                        CHECK (state IN ('open', 'in_review', 'verified')),
    revision            int NOT NULL DEFAULT 0,
    verdict             text,
    attribution         text,
    officers            text[] NOT NULL DEFAULT '{}',
    verified_at         timestamptz,
    final_at            timestamptz,
    review_due_at       timestamptz,
    review_pending      boolean NOT NULL DEFAULT false,
    next_due_at         timestamptz GENERATED ALWAYS AS (least(
                            CASE WHEN callback_state = 'open' THEN callback_due_at END,
                            CASE WHEN state = 'open' THEN verification_due_at END,
                            review_due_at)) STORED,
    CONSTRAINT cases_callback_settled CHECK
        ((callback_state IN ('reached', 'unreached')) = (callback_settled_at IS NOT NULL)),
    CONSTRAINT cases_no_phone CHECK ((callback_state = 'no_phone') = (phone_sealed IS NULL)),
    CONSTRAINT cases_verified_at CHECK ((state = 'open') = (verified_at IS NULL)),
    CONSTRAINT cases_final_at CHECK ((state = 'verified') = (final_at IS NOT NULL)),
    CONSTRAINT cases_review CHECK
        ((state = 'in_review' OR review_pending) = (review_due_at IS NOT NULL)),
    CONSTRAINT cases_review_pending CHECK (NOT review_pending OR state = 'verified'),
    CONSTRAINT cases_verdict CHECK (state = 'open' OR (verdict IS NOT NULL AND revision > 0))
);
CREATE INDEX cases_due ON cases ((NOT urgent), next_due_at, case_id) WHERE next_due_at IS NOT NULL;
CREATE INDEX cases_unit ON cases (unit_code text_pattern_ops, case_id);
CREATE INDEX cases_incident ON cases (incident_id)
"""

DONE = """
CREATE TABLE callback_attempts (
    case_id   uuid NOT NULL CONSTRAINT callback_attempts_case_id_fkey REFERENCES cases,
    attempt   int NOT NULL,
    outcome   text NOT NULL CONSTRAINT callback_attempts_outcome_known CHECK
              (outcome IN ('reached', 'no_answer', 'busy', 'refused', 'wrong_number')),
    called_at timestamptz NOT NULL,
    username  text NOT NULL,
    CONSTRAINT callback_attempts_pkey PRIMARY KEY (case_id, attempt)
);
CREATE TABLE verdicts (
    case_id        uuid NOT NULL CONSTRAINT verdicts_case_id_fkey REFERENCES cases,
    revision       int NOT NULL,
    verdict        text NOT NULL CONSTRAINT verdicts_verdict_known CHECK (verdict IN (
                       'substantiated', 'partly', 'unsubstantiated', 'helped', 'unverifiable',
                       'out_of_scope')),
    attribution    text NOT NULL CONSTRAINT verdicts_attribution_known CHECK
                   (attribution IN ('officers', 'unit', 'policy', 'none')),
    officers       text[] NOT NULL,
    categories     text[] NOT NULL,
    incident_id    uuid NOT NULL,
    finding_sealed text NOT NULL,
    answer_sealed  text NOT NULL,
    username       text NOT NULL,
    role           text NOT NULL,
    submitted_at   timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    CONSTRAINT verdicts_pkey PRIMARY KEY (case_id, revision),
    CONSTRAINT verdicts_officers CHECK ((attribution = 'officers') = (officers <> '{}'))
);
CREATE TABLE case_actions (
    action_id   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT case_actions_pkey PRIMARY KEY,
    case_id     uuid NOT NULL CONSTRAINT case_actions_case_id_fkey REFERENCES cases,
    action      text NOT NULL,
    actor       text NOT NULL,
    acted_at    timestamptz NOT NULL,
    details     jsonb NOT NULL,
    note_sealed text
);
CREATE INDEX case_actions_case_id ON case_actions (case_id, action_id)
"""

APPEND_ONLY = "".join(
    f"""
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_verification;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
    for table in ("callback_attempts", "verdicts", "case_actions")
)


def upgrade() -> None:
    """Create the tables; what was done to a case can only be added to."""
    for block in (DIRECTORY, SIGN_IN, CASES, DONE, APPEND_ONLY):
        run_script(block)
