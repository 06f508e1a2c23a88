"""The story knows a word to the citizen while the case is open."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

STEPS = """
ALTER TABLE timeline DROP CONSTRAINT timeline_step_known;
ALTER TABLE timeline ADD CONSTRAINT timeline_step_known CHECK (step IN (
    'opened', 'called', 'word', 'clock', 'verified', 'reward_decided', 'reward_paid',
    'reward_reversed', 'message', 'rescheduled', 'bound', 'followup', 'withdrawn', 'rated'))
"""


def upgrade() -> None:
    """One step more; the others stay."""
    run_script(STEPS)
