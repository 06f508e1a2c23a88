"""Whose reward it is, is asked of each row by itself, and never by reading all rewards first.

An `EXISTS` in a policy may be answered by a list of everything that exists, wherever PostgreSQL
expects to ask often; with `OFFSET` it may not. Who sees what stays as it was (rewards_0003).
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

OF_A_REWARD = "EXISTS (SELECT FROM rewards r WHERE r.id = {table}.reward_id OFFSET 0)"


def upgrade() -> None:
    """Nothing else."""
    for table in ("orders", "payout_transitions"):
        seen = OF_A_REWARD.format(table=table)
        run_script(
            f"ALTER POLICY {table}_seen ON {table} USING (mashang_scope() = '*' OR ({seen}))"
        )
