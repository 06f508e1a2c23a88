"""The story also tells when the verification's clock stopped, and when it ran on."""

from shared.migrate import run_script

revision = "intake_0003"
down_revision = "intake_0002"
depends_on = None

STEPS = """
ALTER TABLE timeline DROP CONSTRAINT timeline_step_known;
ALTER TABLE timeline ADD CONSTRAINT timeline_step_known CHECK (step IN (
    'opened', 'called', 'clock', 'verified', 'reward_decided', 'reward_paid', 'reward_reversed',
    'message'))
"""


def upgrade() -> None:
    """One step more; the others stay."""
    run_script(STEPS)
