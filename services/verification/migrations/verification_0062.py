"""The directory's history: each change with who and when, and which one it takes back.

`changed_by` is nobody at the command line. `places` are those to whom it is told, with everything
above them: where it stood before and where it stands since. `postings` say in which unit an officer
served from when until when; of those of before nobody knows since when.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

CHANGES = """
CREATE TABLE directory_changes (
    change_id  bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT directory_changes_pkey PRIMARY KEY,
    kind       text NOT NULL CONSTRAINT directory_changes_kind_known
               CHECK (kind IN ('places', 'units', 'officers', 'operators')),
    code       text NOT NULL,
    version    int NOT NULL,
    places     text[] NOT NULL,
    was        jsonb,
    now        jsonb NOT NULL,
    changed_by text,
    changed_at timestamptz NOT NULL DEFAULT mashang_now(),
    undoes     bigint CONSTRAINT directory_changes_undoes_fkey REFERENCES directory_changes,
    CONSTRAINT directory_changes_once UNIQUE (kind, code, version)
);
REVOKE UPDATE, DELETE, TRUNCATE ON directory_changes FROM mashang_verification;
CREATE TRIGGER directory_changes_append_only BEFORE UPDATE OR DELETE ON directory_changes
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
POSTINGS = """
CREATE TABLE postings (
    posting_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT postings_pkey PRIMARY KEY,
    badge      text NOT NULL CONSTRAINT postings_badge_fkey REFERENCES officers,
    unit_code  text NOT NULL CONSTRAINT postings_unit_code_fkey REFERENCES units,
    since      timestamptz,
    until      timestamptz,
    CONSTRAINT postings_in_order CHECK (since <= until)
);
CREATE UNIQUE INDEX postings_now ON postings (badge) WHERE until IS NULL;
CREATE INDEX postings_badge ON postings (badge);
CREATE INDEX postings_unit ON postings (unit_code);
INSERT INTO postings (badge, unit_code) SELECT badge, unit_code FROM officers WHERE active
"""
# Whether a code is a unit or a place at or below that of whom the transaction acts for.
BELOW = """
CREATE FUNCTION mashang_below(code text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT mashang_scope() = '*'
        OR EXISTS (SELECT FROM units WHERE unit_code = code AND path @> ARRAY[mashang_scope()])
        OR mashang_scope() IN (
            WITH RECURSIVE up AS (
                SELECT place_code, parent_code FROM places WHERE place_code = code
                UNION SELECT p.place_code, p.parent_code
                FROM places p JOIN up ON p.place_code = up.parent_code)
            SELECT place_code FROM up)
$$
"""


def upgrade() -> None:
    """What was changed before is told by nobody."""
    run_script(CHANGES)
    run_script(POSTINGS)
    run_script(BELOW)
    secure(
        "directory_changes", "EXISTS (SELECT FROM unnest(places) AS one WHERE mashang_below(one))"
    )
    secure("postings", "mashang_below(unit_code)")
