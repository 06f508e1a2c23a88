"""The story also tells when the verification's clock stopped, and when it ran on."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

STEPS = """
ALTER TABLE timeline DROP CONSTRAINT timeline_step_known;
ALTER TABLE timeline ADD CONSTRAINT timeline_step_known CHECK (step IN (
    'opened', 'called', 'clock', 'verified', 'reward_decided', 'reward_paid', 'reward_reversed',
    'message'))
"""


def upgrade() -> None:
    """One step more; the others stay."""
    run_script(STEPS)
