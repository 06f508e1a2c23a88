"""When SMS may leave and what they cost; questions and their replies; who wants no more of them."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# phone_hash is keyed, and this service's own: it fits no other's index. sent_at and not_before are
# the bureau's clock. The phone of what is settled stays as long as a person may send it again.
MESSAGES = """
ALTER TABLE messages
    ADD COLUMN phone_hash text, ADD COLUMN not_before timestamptz, ADD COLUMN sent_at timestamptz,
    ADD COLUMN language text NOT NULL DEFAULT 'zh',
    ADD COLUMN again int NOT NULL DEFAULT 0,
    ADD COLUMN resend_of uuid CONSTRAINT messages_resend_of REFERENCES messages
        CONSTRAINT messages_resent_once UNIQUE,
    ADD COLUMN fen bigint NOT NULL DEFAULT 0 CONSTRAINT messages_fen CHECK (fen >= 0),
    ADD COLUMN charged_fen bigint NOT NULL DEFAULT 0
        CONSTRAINT messages_charged_fen CHECK (charged_fen >= 0),
    ADD COLUMN charged_day date, ADD COLUMN charged_reserve boolean,
    DROP CONSTRAINT messages_once_a_case, DROP CONSTRAINT messages_purpose_known,
    DROP CONSTRAINT messages_of_a_case,
    DROP CONSTRAINT messages_code_expires, DROP CONSTRAINT messages_phone_until_settled;
ALTER TABLE messages
    ADD CONSTRAINT messages_once_a_case UNIQUE (case_id, purpose, occasion, again),
    ADD CONSTRAINT messages_purpose_known CHECK (purpose IN ('thanks', 'paid', 'unreached',
        'word', 'question', 'howto', 'notice', 'urgent', 'code', 'invitation', 'receipt')),
    ADD CONSTRAINT messages_of_a_case CHECK ((purpose IN ('howto', 'notice', 'urgent', 'code',
        'invitation', 'receipt')) = (case_id IS NULL)),
    ADD CONSTRAINT messages_code_expires CHECK ((purpose IN ('question', 'howto', 'notice',
        'urgent', 'code', 'invitation', 'receipt')) = (expires_at IS NOT NULL)),
    ADD CONSTRAINT messages_phone_while_open
        CHECK (phone_sealed IS NOT NULL OR settled_at IS NOT NULL);
CREATE INDEX messages_to_number ON messages (phone_hash, sent_at) WHERE phone_hash IS NOT NULL;
CREATE INDEX messages_with_number ON messages (submission_id) WHERE phone_hash IS NOT NULL;
CREATE INDEX messages_phone_kept ON messages (settled_at)
    WHERE settled_at IS NOT NULL AND phone_sealed IS NOT NULL;
CREATE INDEX messages_by_state ON messages (state, created_at DESC, message_id DESC);
CREATE INDEX messages_newest ON messages (created_at DESC, message_id DESC);
"""

# A running total, so that nobody has to add up a day; locked by whoever claims.
SPENDING = """
CREATE TABLE spending (
    day      date NOT NULL,
    reserve  boolean NOT NULL,
    fen      bigint NOT NULL DEFAULT 0 CONSTRAINT spending_fen CHECK (fen >= 0),
    told_at  timestamptz,
    CONSTRAINT spending_pkey PRIMARY KEY (day, reserve)
)
"""

STOPS = """
CREATE TABLE stops (
    phone_hash text CONSTRAINT stops_pkey PRIMARY KEY,
    stopped_at timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE TABLE stop_changes (
    change_id  bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT stop_changes_pkey PRIMARY KEY,
    stopped    boolean NOT NULL,
    changed_by text NOT NULL,
    reason     text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT mashang_now()
)
"""

# Of what was written only what it was read as is kept.
REPLIES = """
CREATE TABLE replies (
    reply_id   uuid CONSTRAINT replies_pkey PRIMARY KEY,
    vendor     text NOT NULL,
    ref        text NOT NULL,
    phone_hash text,
    said       text NOT NULL CONSTRAINT replies_said_known
               CHECK (said IN ('solved', 'unhappy', 'unsolved', 'stop', 'start', 'unclear')),
    message_id uuid CONSTRAINT replies_message REFERENCES messages,
    heard_at   timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT replies_once UNIQUE (vendor, ref)
);
CREATE INDEX replies_of_number ON replies (phone_hash, heard_at) WHERE phone_hash IS NOT NULL
"""

# One that is sent again is a message of its own, since a vendor lists it by its own id.
RESENDS = """
CREATE TABLE resends (
    message_id uuid CONSTRAINT resends_pkey PRIMARY KEY
               CONSTRAINT resends_message REFERENCES messages,
    username   text NOT NULL,
    reason     text NOT NULL CONSTRAINT resends_reason_said CHECK (length(reason) > 0),
    confirmed  boolean NOT NULL,
    resent_at  timestamptz NOT NULL DEFAULT mashang_now()
)
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_notifications;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """What is there already fits; its numbers are unknown, so it rests and stops for nobody."""
    for script in (MESSAGES, SPENDING, STOPS, REPLIES, RESENDS):
        run_script(script)
    for table in ("stop_changes", "resends"):
        run_script(APPEND_ONLY.format(table=table))
