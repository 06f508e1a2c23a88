"""The story knows that no vendor tops the phone up, by their own word."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

STEPS = """
ALTER TABLE timeline DROP CONSTRAINT timeline_step_known;
ALTER TABLE timeline ADD CONSTRAINT timeline_step_known CHECK (step IN (
    'opened', 'called', 'word', 'clock', 'verified', 'reward_decided', 'reward_paid',
    'reward_reversed', 'message', 'rescheduled', 'bound', 'phone_refused', 'followup', 'withdrawn',
    'rated'))
"""


def upgrade() -> None:
    """One step more; the others stay."""
    run_script(STEPS)
