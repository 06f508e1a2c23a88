"""What citizens may say beside their words, what they add later, and what they praise.

Intake knows the officers from now on: those of before are told again.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

FACTS = """
ALTER TABLE units ADD COLUMN matters text[] NOT NULL DEFAULT '{}';
ALTER TABLE cases
    ADD COLUMN channel text NOT NULL DEFAULT 'page',
    ADD COLUMN reasons int[] NOT NULL DEFAULT '{}',
    ADD COLUMN occurred_at timestamptz,
    ADD COLUMN matter text,
    ADD COLUMN officer_typed_sealed text,
    ADD COLUMN call_time text,
    ADD COLUMN call_language text,
    ADD COLUMN consent jsonb,
    ADD COLUMN attachments text[] NOT NULL DEFAULT '{}',
    ADD COLUMN held text;
CREATE TABLE case_additions (
    addition_id          uuid CONSTRAINT case_additions_pkey PRIMARY KEY,
    case_id              uuid NOT NULL CONSTRAINT case_additions_case_id_fkey REFERENCES cases,
    number               int NOT NULL,
    words_sealed         text,
    categories           text[] NOT NULL,
    reasons              int[] NOT NULL,
    officer_badge        text,
    officer_typed_sealed text,
    attachments          text[] NOT NULL,
    why                  text NOT NULL,
    added_at             timestamptz NOT NULL
);
CREATE INDEX case_additions_case_id ON case_additions (case_id, number)
"""

# Praise opens no case. `commendation_id` is the submission's own id, or that of its addition.
PRAISE = """
CREATE TABLE commendations (
    commendation_id      uuid CONSTRAINT commendations_pkey PRIMARY KEY,
    submission_id        uuid NOT NULL,
    unit_code            text NOT NULL,
    satisfaction         int NOT NULL,
    reasons              int[] NOT NULL,
    words_sealed         text NOT NULL,
    officer_badge        text,
    officer_typed_sealed text,
    said_at              timestamptz NOT NULL
);
CREATE INDEX commendations_unit_code ON commendations (unit_code, said_at)
"""

TELL_AGAIN = """
UPDATE officers SET version = version + 1;
INSERT INTO outbox (event_id, type, body)
SELECT id, 'officer.changed.v1', json_build_object(
    'specversion', '1.0', 'id', id, 'source', '/mashang/verification',
    'type', 'officer.changed.v1', 'subject', badge,
    'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'datacontenttype', 'application/json', 'aggregateversion', version, 'traceparent', NULL,
    'data', json_build_object('badge', badge, 'name', name, 'unit_code', unit_code,
        'active', active, 'phone_index', phone_index, 'version', version))::text
FROM (SELECT gen_random_uuid() AS id, officers.* FROM officers ORDER BY badge) AS told
"""


def upgrade() -> None:
    """Whoever may see the case sees what was added to it; praise is its unit's."""
    run_script(FACTS)
    run_script(PRAISE)
    secure(
        "case_additions",
        "EXISTS (SELECT FROM cases c WHERE c.case_id = case_additions.case_id)",
    )
    secure("commendations", "unit_code IN (SELECT unit_code FROM units)")
    run_script(TELL_AGAIN)
