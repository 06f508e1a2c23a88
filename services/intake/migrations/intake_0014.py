"""Whom draws invited, and by which way; which phones were asked lately; who may see a draw."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)
depends_on = "bus_0002"

# Neither a visit nor a phone: the hash of a code, to count answers by, and a keyed index.
INVITED = """
ALTER TABLE units ADD COLUMN path text[] NOT NULL DEFAULT '{}';
CREATE TABLE invited (
    code_hash bytea CONSTRAINT invited_pkey PRIMARY KEY,
    draw      bigint NOT NULL CONSTRAINT invited_draw_fkey REFERENCES draws,
    how       text NOT NULL CONSTRAINT invited_how_known CHECK (how IN ('code', 'sms', 'recent'))
);
CREATE INDEX invited_draw ON invited (draw);
REVOKE UPDATE, DELETE, TRUNCATE ON invited FROM mashang_intake;
CREATE TRIGGER invited_append_only BEFORE UPDATE OR DELETE ON invited
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE invited_phones (
    phone_index text CONSTRAINT invited_phones_pkey PRIMARY KEY,
    invited_at  timestamptz NOT NULL
);
CREATE INDEX invited_phones_at ON invited_phones (invited_at)
"""
SEEN = """EXISTS (SELECT FROM units u WHERE u.code = draws.unit_code
    AND (u.code = mashang_scope() OR u.path @> ARRAY[mashang_scope()]))"""


def upgrade() -> None:
    """Units have their path when the directory tells them again; their own staff need none."""
    run_script(INVITED)
    secure("draws", SEEN)
