"""Nobody sees or decides the reward of a case that may be about them."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# Whom verification keeps from the case, as the newest verdict told it: badges and `@username`.
KEPT_FROM = """
ALTER TABLE rewards ADD COLUMN kept_from text[] NOT NULL DEFAULT '{}';
DROP POLICY rewards_seen ON rewards
"""
BELOW = "unit_code IN (SELECT unit_code FROM units)"
NOT_ABOUT_THEM = r"NOT kept_from && string_to_array(mashang_badge(), E'\x1f')"


def upgrade() -> None:
    """What belongs to a reward goes along, by its own policy."""
    run_script(KEPT_FROM)
    secure("rewards", f"{BELOW} AND {NOT_ABOUT_THEM}")
