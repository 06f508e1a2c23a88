"""Row-level security: an operator sees the units below their place, and their officers."""

from shared.migrate import numbered, secure

revision, down_revision = numbered(__file__)

BY_UNIT = ("officers", "submissions", "cases", "callbacks", "verdicts", "unit_scores",
           "points_entries", "criticisms")  # fmt: skip

DEMANDED = """CASE subject_kind WHEN 'unit' THEN subject IN (SELECT unit_code FROM units)
    ELSE subject IN (SELECT badge FROM officers) END"""


def upgrade() -> None:
    """Policies on everything that belongs to a unit or an officer."""
    secure("units", "path @> ARRAY[mashang_scope()]")
    for table in BY_UNIT:
        secure(table, "unit_code IN (SELECT unit_code FROM units)")
    secure("strikes", "EXISTS (SELECT FROM officers o WHERE o.badge = strikes.badge)")
    secure("demands", DEMANDED)
