"""A claim's token, which grows with every claim; and who stood behind a reward's verdicts."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Code of before claims without counting: its claims are told apart by state and attempt, as ever.
REWARDS = """
ALTER TABLE rewards ADD COLUMN fence int NOT NULL DEFAULT 0,
    ADD COLUMN verifiers text[] NOT NULL DEFAULT '{}'
"""


def upgrade() -> None:
    """Rewards of before know of no verifier."""
    run_script(REWARDS)
