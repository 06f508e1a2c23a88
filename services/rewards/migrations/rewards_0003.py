"""Row-level security: an operator sees the rewards of units below their place."""

from shared.migrate import numbered, secure

revision, down_revision = numbered(__file__)


def upgrade() -> None:
    """Policies on units, rewards, and what belongs to a reward."""
    secure("units", "path @> ARRAY[mashang_scope()]")
    secure("rewards", "unit_code IN (SELECT unit_code FROM units)")
    for table in ("orders", "payout_transitions"):
        secure(table, f"EXISTS (SELECT FROM rewards r WHERE r.id = {table}.reward_id)")
    secure("write_offs", "EXISTS (SELECT FROM orders o WHERE o.order_id = write_offs.order_id)")
