"""SMS that a word about an open case stands on its receipt."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

WORDS = """
ALTER TABLE messages DROP CONSTRAINT messages_purpose_known;
ALTER TABLE messages ADD CONSTRAINT messages_purpose_known CHECK (purpose IN (
    'thanks', 'paid', 'unreached', 'word', 'code', 'invitation', 'receipt'))
"""


def upgrade() -> None:
    """What is there already fits."""
    run_script(WORDS)
