"""A closed month is signed with a key; the public ones stay for ever."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Months of before were signed by name alone.
KEYS = """
ALTER TABLE ledger_closes
    ADD COLUMN key_id    text,
    ADD COLUMN signature bytea,
    ADD CONSTRAINT ledger_closes_signature CHECK (
        num_nulls(key_id, signature) IN (0, 2) AND length(signature) = 64);
CREATE TABLE close_keys (
    key_id     text CONSTRAINT close_keys_pkey PRIMARY KEY,
    name       text NOT NULL,
    public_key bytea NOT NULL,
    since      timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT close_keys_of_32_bytes CHECK (length(public_key) = 32)
);
REVOKE UPDATE, DELETE, TRUNCATE ON close_keys FROM mashang_rewards;
CREATE TRIGGER close_keys_append_only BEFORE UPDATE OR DELETE ON close_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """New columns, and the keys."""
    run_script(KEYS)
