"""Invitations: as codes, SMS of no case whose words, a link, are dead after a while."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INVITATIONS = """
ALTER TABLE messages DROP CONSTRAINT messages_purpose_known,
    DROP CONSTRAINT messages_of_a_case, DROP CONSTRAINT messages_code_expires,
    DROP CONSTRAINT messages_code_until_settled;
ALTER TABLE messages
    ADD CONSTRAINT messages_purpose_known
        CHECK (purpose IN ('thanks', 'paid', 'code', 'invitation')),
    ADD CONSTRAINT messages_of_a_case
        CHECK ((purpose IN ('code', 'invitation')) = (case_id IS NULL)),
    ADD CONSTRAINT messages_code_expires
        CHECK ((purpose IN ('code', 'invitation')) = (expires_at IS NOT NULL)),
    ADD CONSTRAINT messages_code_until_settled CHECK ((code_sealed IS NOT NULL)
        = (purpose IN ('code', 'invitation') AND settled_at IS NULL))
"""


def upgrade() -> None:
    """What is there already fits."""
    run_script(INVITATIONS)
