"""Duty phones hear of unpaid rewards that are nearly late: a purpose of its own."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

MONEY = """
ALTER TABLE messages DROP CONSTRAINT messages_purpose_known,
    DROP CONSTRAINT messages_of_a_case, DROP CONSTRAINT messages_code_expires;
ALTER TABLE messages
    ADD CONSTRAINT messages_purpose_known CHECK (purpose IN ('thanks', 'paid', 'unreached',
        'word', 'question', 'howto', 'notice', 'money', 'urgent', 'code', 'invitation',
        'receipt')),
    ADD CONSTRAINT messages_of_a_case CHECK ((purpose IN ('howto', 'notice', 'money', 'urgent',
        'code', 'invitation', 'receipt')) = (case_id IS NULL)),
    ADD CONSTRAINT messages_code_expires CHECK ((purpose IN ('question', 'howto', 'notice',
        'money', 'urgent', 'code', 'invitation', 'receipt')) = (expires_at IS NOT NULL))
"""


def upgrade() -> None:
    """What is there already fits."""
    run_script(MONEY)
