"""Rewards that are due no longer; orders with their product, answers and questions; statements."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# An order of a reward that is not due never leaves: `ready` is the only way to a new one.
REWARDS = """
ALTER TABLE rewards ADD COLUMN withdrawn_at timestamptz, ADD COLUMN late_order text
    CONSTRAINT rewards_late_order REFERENCES orders (order_id);
ALTER TABLE rewards ADD CONSTRAINT rewards_withdrawn_at
    CHECK (withdrawn_at IS NULL OR state NOT IN ('eligible', 'held', 'ready', 'manual'))
"""

# Orders of before do not know their product: ''. An instance of before adds them so, too.
ORDERS = """
ALTER TABLE orders ADD COLUMN product text NOT NULL DEFAULT '', ADD COLUMN last_answer text,
    ADD COLUMN last_answer_at timestamptz, ADD COLUMN asking_until timestamptz,
    ADD COLUMN ask_at timestamptz, ADD COLUMN asked int NOT NULL DEFAULT 0;
CREATE INDEX orders_ask ON orders (vendor, ask_at) WHERE ask_at IS NOT NULL
"""

# What a vendor says it carried out from one moment to another, once that time was over.
STATEMENTS = """
CREATE TABLE statements (
    vendor    text NOT NULL,
    day       date NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT statements_pkey PRIMARY KEY (vendor, day),
    CONSTRAINT statements_time CHECK (opened_at < closed_at)
);
CREATE TABLE statement_orders (
    vendor     text NOT NULL,
    order_id   text NOT NULL,
    day        date NOT NULL,
    outcome    text NOT NULL
               CONSTRAINT statement_orders_outcome CHECK (outcome IN ('paid', 'reversed')),
    vendor_ref text NOT NULL,
    product    text NOT NULL,
    amount_fen int NOT NULL,
    CONSTRAINT statement_orders_pkey PRIMARY KEY (vendor, order_id, day, outcome),
    CONSTRAINT statement_orders_statement FOREIGN KEY (vendor, day) REFERENCES statements
);
REVOKE UPDATE, DELETE, TRUNCATE ON statement_orders FROM mashang_rewards
"""

# An order that was closed as failed and was carried out after all, beside another of its reward.
MISMATCHES = """
CREATE TABLE mismatches (
    order_id       text CONSTRAINT mismatches_pkey PRIMARY KEY
                   CONSTRAINT mismatches_order REFERENCES orders (order_id),
    other_order_id text NOT NULL CONSTRAINT mismatches_other REFERENCES orders (order_id),
    reward_id      uuid NOT NULL CONSTRAINT mismatches_reward REFERENCES rewards (id),
    found_at       timestamptz NOT NULL
);
REVOKE UPDATE, DELETE, TRUNCATE ON mismatches FROM mashang_rewards
"""


def upgrade() -> None:
    """Extend and create the tables."""
    run_script(REWARDS)
    run_script(ORDERS)
    run_script(STATEMENTS)
    run_script(MISMATCHES)
    secure("mismatches", "EXISTS (SELECT FROM rewards r WHERE r.id = mismatches.reward_id)")
