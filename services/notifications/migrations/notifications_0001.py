"""Messages, every call to the vendor, and every state a message was in."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0001"

# next_at and called_at are real time (now()): the vendor does not live in a moved clock.
MESSAGES = """
CREATE TABLE messages (
    message_id    uuid CONSTRAINT messages_pkey PRIMARY KEY,
    case_id       uuid NOT NULL,
    submission_id uuid NOT NULL,
    purpose       text NOT NULL
                  CONSTRAINT messages_purpose_known CHECK (purpose IN ('thanks', 'paid')),
    phone_sealed  text,
    amount_fen    bigint CONSTRAINT messages_amount_positive CHECK (amount_fen > 0),
    state         text NOT NULL DEFAULT 'queued'
                  CONSTRAINT messages_state_known CHECK (state IN ('queued', 'sending', 'accepted',
                      'unknown', 'held', 'delivered', 'failed', 'lost')),
    version       int NOT NULL DEFAULT 1,
    attempt       int NOT NULL DEFAULT 0,
    repeats       int NOT NULL DEFAULT 0,
    queries       int NOT NULL DEFAULT 0,
    ref           text,
    code          text,
    traceparent   text NOT NULL,
    next_at       timestamptz DEFAULT now(),
    called_at     timestamptz,
    created_at    timestamptz NOT NULL DEFAULT mashang_now(),
    settled_at    timestamptz,
    CONSTRAINT messages_once_a_case UNIQUE (case_id, purpose),
    CONSTRAINT messages_paid_has_amount CHECK ((purpose = 'paid') = (amount_fen IS NOT NULL)),
    CONSTRAINT messages_settled_at
        CHECK ((state IN ('delivered', 'failed', 'lost')) = (settled_at IS NOT NULL)),
    CONSTRAINT messages_next_at
        CHECK ((state IN ('held', 'delivered', 'failed', 'lost')) = (next_at IS NULL)),
    CONSTRAINT messages_called_at CHECK (called_at IS NOT NULL OR attempt = 0),
    CONSTRAINT messages_phone_until_settled
        CHECK ((phone_sealed IS NULL) = (settled_at IS NOT NULL))
);
CREATE INDEX messages_due ON messages (state, next_at) WHERE next_at IS NOT NULL
"""

ATTEMPTS = """
CREATE TABLE attempts (
    message_id uuid NOT NULL CONSTRAINT attempts_message REFERENCES messages,
    attempt    int NOT NULL,
    vendor     text NOT NULL,
    called_at  timestamptz NOT NULL,
    CONSTRAINT attempts_pkey PRIMARY KEY (message_id, attempt)
);
CREATE TABLE message_states (
    message_id uuid NOT NULL CONSTRAINT message_states_message REFERENCES messages,
    version    int NOT NULL,
    state      text NOT NULL,
    code       text,
    since_at   timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT message_states_pkey PRIMARY KEY (message_id, version)
)
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_notifications;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Create the tables; what happened to a message can be added to, never changed."""
    run_script(MESSAGES)
    run_script(ATTEMPTS)
    for table in ("attempts", "message_states"):
        run_script(APPEND_ONLY.format(table=table))
