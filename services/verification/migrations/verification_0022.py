"""A city's inspection, and three administrators in the place of one; integrity and pressure.

Among those from whom a case is kept `!` is everybody but the inspection and the auditors; `=`,
among what an operator is, says that they see no other cases than these (see shared.access).
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

ROLES = """
UPDATE operators SET role = 'system_admin', version = version + 1 WHERE role = 'administrator';
ALTER TABLE operators DROP CONSTRAINT operators_role_known;
ALTER TABLE operators ADD CONSTRAINT operators_role_known CHECK (role IN (
    'unit_operator', 'county_supervisor', 'city_supervisor', 'inspection', 'reward_approver',
    'leadership', 'auditor', 'system_admin', 'security_admin', 'audit_admin'));
INSERT INTO outbox (event_id, type, body)
SELECT id, 'operator.changed.v1', json_build_object(
    'specversion', '1.0', 'id', id, 'source', '/mashang/verification',
    'type', 'operator.changed.v1', 'subject', username,
    'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'datacontenttype', 'application/json', 'aggregateversion', version, 'traceparent', NULL,
    'data', json_build_object('username', username, 'name', name, 'role', role, 'scope', scope,
        'badge', badge, 'active', active, 'version', version))::text
FROM (SELECT gen_random_uuid() AS id, operators.* FROM operators
      WHERE role = 'system_admin' ORDER BY username) AS told
"""

# What was kept from all below the root until now, and from the unit alone.
CASES = """
UPDATE cases SET recused = recused || '{!}'::text[] WHERE incident_id IN (
    SELECT incident_id FROM cases LEFT JOIN case_additions a USING (case_id)
    WHERE kind = 'pressure' OR 'integrity' = ANY(cases.categories || a.categories));
UPDATE holds SET recused = recused || '{!}'::text[] WHERE body -> 'categories' ? 'integrity';
DROP POLICY cases_seen ON cases;
DROP POLICY holds_seen ON holds
"""
ME = r"string_to_array(mashang_badge(), E'\x1f')"
BELOW = "unit_code IN (SELECT unit_code FROM units)"
EXAMINED = "greatest(examined, 0) >= (SELECT mashang_known())"
THEIRS = f"NOT recused && {ME} AND ('=' <> ALL({ME}) OR '!' = ANY(recused))"


def upgrade() -> None:
    """Once a city has an inspection, these cases are theirs."""
    run_script(ROLES)
    run_script(CASES)
    secure("cases", f"{BELOW} AND {THEIRS} AND {EXAMINED}")
    secure("holds", f"{BELOW} AND {THEIRS}")
