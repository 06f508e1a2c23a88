"""Rewards, their orders, and the append-only history of what happened to each."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0001"

TABLES = """
CREATE TABLE officers (
    badge       text PRIMARY KEY,
    phone_index text,
    active      boolean NOT NULL,
    version     bigint NOT NULL
);
CREATE INDEX officers_phone ON officers (phone_index) WHERE active;

-- The newest verdict heard of each case, so that an older one that arrives late changes nothing.
CREATE TABLE verdicts (
    case_id  uuid PRIMARY KEY,
    revision int NOT NULL
);

CREATE TABLE rewards (
    seq           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT rewards_seq_key UNIQUE,
    id            uuid PRIMARY KEY,
    case_id       uuid NOT NULL CONSTRAINT rewards_case_key UNIQUE,
    submission_id uuid NOT NULL,
    incident_id   uuid NOT NULL,
    language      text NOT NULL,
    phone_index   text NOT NULL CONSTRAINT rewards_phone_index CHECK (phone_index <> ''),
    phone_sealed  text NOT NULL CONSTRAINT rewards_phone_sealed CHECK (phone_sealed <> ''),
    amount_fen    int NOT NULL CONSTRAINT rewards_amount CHECK (amount_fen > 0),
    month         date NOT NULL CONSTRAINT rewards_month CHECK (extract(day FROM month) = 1),
    verified_at   timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    traceparent   text,
    state         text NOT NULL CONSTRAINT rewards_state_known CHECK (state IN (
                      'eligible', 'held', 'refused', 'ready', 'submitting', 'accepted', 'unknown',
                      'rejected', 'manual', 'paid', 'reversed')),
    version       int NOT NULL,
    reason        text,
    held_by       text,
    attempt       int NOT NULL CONSTRAINT rewards_attempt CHECK (attempt >= 0),
    failures      int NOT NULL,
    retriable     boolean NOT NULL,
    asked         int NOT NULL,
    act_at        timestamptz,
    sent_at       timestamptz,
    unknown_at    timestamptz,
    refused_at    timestamptz,
    paid_at       timestamptz,
    reversed_at   timestamptz,
    CONSTRAINT rewards_reason CHECK (state NOT IN ('held', 'refused') OR reason IS NOT NULL),
    CONSTRAINT rewards_act_at CHECK (CASE
        WHEN state IN ('ready', 'submitting', 'accepted', 'unknown', 'rejected')
            THEN act_at IS NOT NULL
        WHEN state = 'paid' THEN true
        ELSE act_at IS NULL END),
    CONSTRAINT rewards_sent_at CHECK (sent_at IS NOT NULL OR state NOT IN
        ('submitting', 'accepted', 'unknown', 'rejected', 'manual', 'paid', 'reversed')),
    CONSTRAINT rewards_unknown_at CHECK (CASE state
        WHEN 'unknown' THEN unknown_at IS NOT NULL
        WHEN 'submitting' THEN true
        ELSE unknown_at IS NULL END),
    CONSTRAINT rewards_refused_at CHECK ((state = 'refused') = (refused_at IS NOT NULL)),
    CONSTRAINT rewards_paid_at CHECK (CASE state
        WHEN 'paid' THEN paid_at IS NOT NULL
        WHEN 'reversed' THEN true
        ELSE paid_at IS NULL END),
    CONSTRAINT rewards_reversed_at CHECK ((state = 'reversed') = (reversed_at IS NOT NULL))
);
CREATE INDEX rewards_due ON rewards (state, act_at) WHERE act_at IS NOT NULL;
CREATE INDEX rewards_incident ON rewards (incident_id);
CREATE INDEX rewards_phone ON rewards (phone_index, month);
CREATE INDEX rewards_month ON rewards (month);
CREATE INDEX rewards_state ON rewards (state, seq);

-- What was, or may have been, sent to the vendor. One order at most that is not known to have
-- failed: the last line of defence against paying twice.
CREATE TABLE orders (
    order_id   text CONSTRAINT orders_pkey PRIMARY KEY
               CONSTRAINT orders_id_shape CHECK (order_id ~ '^[A-Za-z0-9]{8,40}$'),
    reward_id  uuid NOT NULL CONSTRAINT orders_reward REFERENCES rewards (id),
    attempt    int NOT NULL,
    vendor     text NOT NULL,
    amount_fen int NOT NULL CONSTRAINT orders_amount CHECK (amount_fen > 0),
    opened_at  timestamptz NOT NULL,
    vendor_ref text,
    code       text,
    outcome    text CONSTRAINT orders_outcome_known
               CHECK (outcome IN ('paid', 'rejected', 'reversed')),
    closed_at  timestamptz,
    CONSTRAINT orders_attempt_key UNIQUE (reward_id, attempt),
    CONSTRAINT orders_closed_at CHECK ((outcome IS NULL) = (closed_at IS NULL))
);
CREATE UNIQUE INDEX orders_one_live ON orders (reward_id) WHERE outcome IS DISTINCT FROM 'rejected';

CREATE TABLE payout_transitions (
    reward_id  uuid NOT NULL CONSTRAINT payout_transitions_reward REFERENCES rewards (id),
    version    int NOT NULL,
    attempt    int NOT NULL,
    from_state text NOT NULL,
    step       text NOT NULL,
    to_state   text NOT NULL,
    actor      text NOT NULL,
    code       text,
    note       text,
    made_at    timestamptz NOT NULL,
    CONSTRAINT payout_transitions_pkey PRIMARY KEY (reward_id, version)
);

-- Two different people for one order.
CREATE TABLE write_offs (
    order_id text NOT NULL CONSTRAINT write_offs_order REFERENCES orders (order_id),
    username text NOT NULL,
    note     text NOT NULL,
    made_at  timestamptz NOT NULL,
    CONSTRAINT write_offs_pkey PRIMARY KEY (order_id, username)
);

-- While an operator must act (an empty wallet), nothing is sent to this vendor.
CREATE TABLE vendor_pauses (
    vendor   text PRIMARY KEY,
    until_at timestamptz NOT NULL,
    code     text NOT NULL
);
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_rewards;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Create the tables; history and write-offs only ever grow."""
    run_script(TABLES)
    for table in ("payout_transitions", "write_offs"):
        run_script(APPEND_ONLY.format(table=table))
    run_script("REVOKE DELETE, TRUNCATE ON rewards, orders FROM mashang_rewards")
