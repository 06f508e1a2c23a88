"""Row-level security asks once a statement who looks, not once a row; the root has an index.

Who looks does not change within a statement: in a select of its own PostgreSQL reads it once.
`cases_open` has the cases of all units in the order in which they are worked, as
`cases_open_of_unit` has those of each, and takes the place of `cases_due`.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

ORDER = "(CASE WHEN urgent THEN 0 ELSE 1 END), next_due_at, case_id"
INDEX = f"""
CREATE INDEX cases_open ON cases ({ORDER}) WHERE next_due_at IS NOT NULL;
DROP INDEX cases_due
"""
SELF = "(SELECT mashang_scope()) = '*'"
ME = r"(SELECT string_to_array(mashang_badge(), E'\x1f'))"
INSPECTING = r"(SELECT '=' = ANY(string_to_array(mashang_badge(), E'\x1f')))"
BELOW = "unit_code IN (SELECT unit_code FROM units)"
EXAMINED = "greatest(examined, 0) >= (SELECT mashang_known())"
THEIRS = f"NOT recused && {ME} AND (NOT {INSPECTING} OR '!' = ANY(recused))"
POLICIES = f"""
ALTER POLICY units_seen ON units USING ({SELF} OR path @> ARRAY[(SELECT mashang_scope())]);
ALTER POLICY cases_seen ON cases USING ({SELF} OR ({BELOW} AND {THEIRS} AND {EXAMINED}))
"""


def upgrade() -> None:
    """Everybody sees what they saw."""
    run_script(INDEX)
    run_script(POLICIES)
