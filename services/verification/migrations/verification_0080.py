"""Urgent requests page whoever is on duty, again and a level higher, until somebody has them.

Which phone a place has on duty can only be added to: the newest counts. Urgent requests of before
page nobody.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

PAGING = """
ALTER TABLE cases ADD COLUMN page_due_at timestamptz, ADD COLUMN paged int NOT NULL DEFAULT 0,
    ADD CONSTRAINT cases_paged_while_open CHECK (page_due_at IS NULL OR state = 'open');
CREATE INDEX cases_page_due ON cases (page_due_at, case_id) WHERE page_due_at IS NOT NULL;
CREATE TABLE duty_phones (
    phone_id     uuid CONSTRAINT duty_phones_pkey PRIMARY KEY,
    number       bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT duty_phones_number UNIQUE,
    place_code   text NOT NULL,
    phone_sealed text,
    changed_by   text NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX duty_phones_of ON duty_phones (place_code, number DESC);
CREATE TABLE duty_pages (
    page_id     uuid CONSTRAINT duty_pages_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id     uuid NOT NULL CONSTRAINT duty_pages_case_id_fkey REFERENCES cases,
    number      int NOT NULL,
    level       int NOT NULL,
    place_code  text NOT NULL,
    due_at      timestamptz NOT NULL,
    detected_at timestamptz NOT NULL,
    phone_id    uuid CONSTRAINT duty_pages_phone_id_fkey REFERENCES duty_phones,
    phone_place text,
    CONSTRAINT duty_pages_phone_of_a_place CHECK ((phone_id IS NULL) = (phone_place IS NULL)),
    CONSTRAINT duty_pages_once UNIQUE (case_id, number)
)
"""
APPEND_ONLY = "".join(
    f"""
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_verification;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
    for table in ("duty_phones", "duty_pages")
)


def upgrade() -> None:
    """A place's phone is its own; who sees the case sees whom it paged."""
    run_script(PAGING)
    run_script(APPEND_ONLY)
    secure("duty_phones", "place_code = (SELECT mashang_scope())")
    secure("duty_pages", "EXISTS (SELECT FROM cases c WHERE c.case_id = duty_pages.case_id)")
