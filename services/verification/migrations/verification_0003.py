"""Row-level security: an operator sees units below their place, and no case about themselves."""

from shared.migrate import numbered, secure

revision, down_revision = numbered(__file__)

# The inner select is under the policy of units itself.
BELOW = "unit_code IN (SELECT unit_code FROM units)"
NOT_ABOUT_THEM = r"""mashang_badge() = '' OR NOT
    (officers && string_to_array(mashang_badge(), E'\x1f')
     OR coalesce(officer_badge = ANY(string_to_array(mashang_badge(), E'\x1f')), false))"""
OF_A_CASE = "EXISTS (SELECT FROM cases c WHERE c.case_id = {table}.case_id)"


def upgrade() -> None:
    """Policies on units, cases, and what was done to a case."""
    secure("units", "path @> ARRAY[mashang_scope()]")
    secure("cases", f"{BELOW} AND ({NOT_ABOUT_THEM})")
    for table in ("case_actions", "callback_attempts", "verdicts"):
        secure(table, OF_A_CASE.format(table=table))
