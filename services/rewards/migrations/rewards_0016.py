"""The two days at a glance: what is unpaid by its due time, and what was paid late."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEXES = """
CREATE INDEX rewards_unpaid ON rewards (due_at, seq)
    WHERE state IN ('eligible', 'held', 'ready', 'submitting', 'accepted', 'unknown', 'rejected',
                    'manual');
CREATE INDEX rewards_paid_late ON rewards (due_at, seq)
    WHERE paid_at > due_at AND state IN ('paid', 'reversed')
"""


def upgrade() -> None:
    """Add them."""
    run_script(INDEXES)
