"""SMS that page whoever is on duty: of no case, without words of their own, dead after a while."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

PAGES = """
ALTER TABLE messages DROP CONSTRAINT messages_purpose_known,
    DROP CONSTRAINT messages_of_a_case, DROP CONSTRAINT messages_code_expires;
ALTER TABLE messages
    ADD CONSTRAINT messages_purpose_known CHECK (purpose IN ('thanks', 'paid', 'unreached',
        'word', 'urgent', 'code', 'invitation', 'receipt')),
    ADD CONSTRAINT messages_of_a_case
        CHECK ((purpose IN ('urgent', 'code', 'invitation', 'receipt')) = (case_id IS NULL)),
    ADD CONSTRAINT messages_code_expires
        CHECK ((purpose IN ('urgent', 'code', 'invitation', 'receipt')) = (expires_at IS NOT NULL))
"""


def upgrade() -> None:
    """What is there already fits."""
    run_script(PAGES)
