"""One-time codes: an SMS that belongs to no case, and whose words are dead after some minutes."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# The code goes, as the phone does, when it is settled what became of the SMS.
CODES = """
ALTER TABLE messages DROP CONSTRAINT messages_purpose_known;
ALTER TABLE messages ADD CONSTRAINT messages_purpose_known
        CHECK (purpose IN ('thanks', 'paid', 'code')),
    ALTER COLUMN case_id DROP NOT NULL, ADD COLUMN code_sealed text,
    ADD COLUMN expires_at timestamptz,
    ADD CONSTRAINT messages_of_a_case CHECK ((purpose = 'code') = (case_id IS NULL)),
    ADD CONSTRAINT messages_code_expires CHECK ((purpose = 'code') = (expires_at IS NOT NULL)),
    ADD CONSTRAINT messages_code_until_settled CHECK
        ((code_sealed IS NOT NULL) = (purpose = 'code' AND settled_at IS NULL))
"""


def upgrade() -> None:
    """Messages of before are of a case, and stay so."""
    run_script(CODES)
