"""Mismatches of every kind, each with a number, its facts, and a person's word that ends it."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# Code of before adds those of two orders as ever.
MISMATCHES = """
ALTER TABLE mismatches DROP CONSTRAINT mismatches_pkey, DROP CONSTRAINT mismatches_order;
ALTER TABLE mismatches
    ALTER COLUMN order_id SET NOT NULL, ALTER COLUMN other_order_id DROP NOT NULL,
    ALTER COLUMN reward_id DROP NOT NULL,
    ADD COLUMN mismatch_id bigint GENERATED ALWAYS AS IDENTITY
        CONSTRAINT mismatches_pkey PRIMARY KEY,
    ADD COLUMN vendor text NOT NULL DEFAULT '',
    ADD COLUMN kind text NOT NULL DEFAULT 'two_orders' CONSTRAINT mismatches_kind_known
        CHECK (kind IN ('two_orders', 'no_order', 'amount', 'twice', 'disputed', 'denied',
                        'unlisted', 'unconfirmed')),
    ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
UPDATE mismatches m SET vendor = o.vendor FROM orders o WHERE o.order_id = m.order_id;
ALTER TABLE mismatches
    ADD CONSTRAINT mismatches_once UNIQUE (order_id, kind, vendor),
    ADD CONSTRAINT mismatches_about CHECK (reward_id IS NOT NULL OR kind = 'no_order'),
    ADD CONSTRAINT mismatches_both CHECK (other_order_id IS NOT NULL OR kind <> 'two_orders');
CREATE INDEX mismatches_reward_key ON mismatches (reward_id)
"""
RESOLUTIONS = """
CREATE TABLE mismatch_resolutions (
    mismatch_id bigint CONSTRAINT mismatch_resolutions_pkey PRIMARY KEY
                CONSTRAINT mismatch_resolutions_mismatch REFERENCES mismatches (mismatch_id),
    username    text NOT NULL,
    note        text NOT NULL,
    made_at     timestamptz NOT NULL
);
REVOKE UPDATE, DELETE, TRUNCATE ON mismatch_resolutions FROM mashang_rewards
"""
# What a vendor did without an order of ours belongs to no unit: whoever stands at the root sees it.
SEEN = """
    CASE WHEN reward_id IS NULL THEN EXISTS (SELECT FROM units u WHERE u.path[1] = mashang_scope())
    ELSE EXISTS (SELECT FROM rewards r WHERE r.id = mismatches.reward_id) END
"""
OF_SEEN = "EXISTS (SELECT FROM mismatches m WHERE m.mismatch_id = mismatch_resolutions.mismatch_id)"


def upgrade() -> None:
    """Extend the one table, add the other."""
    run_script(MISMATCHES)
    run_script(RESOLUTIONS)
    run_script("DROP POLICY mismatches_seen ON mismatches")
    secure("mismatches", SEEN)
    secure("mismatch_resolutions", OF_SEEN)
