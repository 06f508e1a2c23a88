"""SMS to whom nobody reached, once an occasion; and links to receipts, dead after a while."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

RECEIPTS = """
ALTER TABLE messages ADD COLUMN occasion int NOT NULL DEFAULT 0,
    DROP CONSTRAINT messages_once_a_case, DROP CONSTRAINT messages_purpose_known,
    DROP CONSTRAINT messages_of_a_case, DROP CONSTRAINT messages_code_expires,
    DROP CONSTRAINT messages_code_until_settled;
ALTER TABLE messages
    ADD CONSTRAINT messages_once_a_case UNIQUE (case_id, purpose, occasion),
    ADD CONSTRAINT messages_purpose_known
        CHECK (purpose IN ('thanks', 'paid', 'unreached', 'code', 'invitation', 'receipt')),
    ADD CONSTRAINT messages_of_a_case
        CHECK ((purpose IN ('code', 'invitation', 'receipt')) = (case_id IS NULL)),
    ADD CONSTRAINT messages_code_expires
        CHECK ((purpose IN ('code', 'invitation', 'receipt')) = (expires_at IS NOT NULL)),
    ADD CONSTRAINT messages_code_until_settled CHECK ((code_sealed IS NOT NULL)
        = (purpose IN ('code', 'invitation', 'receipt') AND settled_at IS NULL))
"""


def upgrade() -> None:
    """What is there already fits."""
    run_script(RECEIPTS)
