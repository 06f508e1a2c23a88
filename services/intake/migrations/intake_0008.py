"""A receipt is signed together with its batch, promises times, and outlives the key it is under."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Earlier receipts have none of it: each was signed by itself, and promised no times.
RECEIPTS = """
ALTER TABLE submissions
    ADD COLUMN callback_due_at     timestamptz,
    ADD COLUMN verification_due_at timestamptz,
    ADD COLUMN leaf_index          int,
    ADD COLUMN tree_size           int,
    ADD COLUMN tree_path           bytea,
    ADD CONSTRAINT submissions_leaf_in_tree CHECK (
        num_nulls(leaf_index, tree_size, tree_path) IN (0, 3)
        AND leaf_index >= 0 AND leaf_index < tree_size);
CREATE TABLE receipt_keys (
    key_id     text CONSTRAINT receipt_keys_pkey PRIMARY KEY,
    name       text NOT NULL,
    public_key bytea NOT NULL,
    since      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT receipt_keys_of_32_bytes CHECK (length(public_key) = 32)
);
REVOKE UPDATE, DELETE, TRUNCATE ON receipt_keys FROM mashang_intake
"""


def upgrade() -> None:
    """New columns, and the public keys that ever signed."""
    run_script(RECEIPTS)
