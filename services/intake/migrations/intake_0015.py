"""Phones that are invited no more, as their citizens said; and what a draw left out for it."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# By whose link it was said, and when. An index stays as long as it is to be heeded: it is all that
# is kept, and a draw could not leave out a phone of which nothing is known. `link_hash` is no
# invitation's `code_hash`, so nobody learns from it what was answered with the same link.
DECLINED = """
ALTER TABLE invited DROP CONSTRAINT invited_how_known, ADD CONSTRAINT invited_how_known
    CHECK (how IN ('code', 'sms', 'recent', 'declined'));
ALTER TABLE invited_phones ADD COLUMN link_hash bytea
    CONSTRAINT invited_phones_link UNIQUE;
CREATE TABLE declined (
    number      bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT declined_pkey PRIMARY KEY,
    phone_index text NOT NULL,
    no_more     boolean NOT NULL,
    link_hash   bytea NOT NULL,
    said_at     timestamptz NOT NULL
);
CREATE INDEX declined_phone ON declined (phone_index, number);
CREATE INDEX declined_link ON declined (link_hash);
REVOKE UPDATE, DELETE, TRUNCATE ON declined FROM mashang_intake;
CREATE TRIGGER declined_append_only BEFORE UPDATE OR DELETE ON declined
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Links of before lead to no phone; the next one does."""
    run_script(DECLINED)
