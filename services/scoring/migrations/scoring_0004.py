"""Demands: one journal of what is in force, by subject, cause and period, for every rule.

The three ledgers of before stay as they are; the journal begins with what they hold. A verdict now
keeps its officers and categories, so that rules can look at all the facts of a unit or an officer.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

DEMANDS = """
CREATE TABLE demands (
    demand_no    bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT demands_pkey PRIMARY KEY,
    subject_kind text NOT NULL
                 CONSTRAINT demands_subject_kind CHECK (subject_kind IN ('unit', 'officer')),
    subject      text NOT NULL,
    rule         text NOT NULL CONSTRAINT demands_rule CHECK (rule ~ '^[a-z][a-z_]*$'),
    scope_kind   text NOT NULL
                 CONSTRAINT demands_scope_kind CHECK (scope_kind IN ('case', 'officer', 'unit')),
    scope        text NOT NULL,
    incident_id  uuid,
    period       text
                 CONSTRAINT demands_period CHECK (period ~ '^[0-9]{4}(-(Q[1-4]|[0-9]{2}))?$'),
    centipoints  int NOT NULL,
    delta        int NOT NULL CONSTRAINT demands_delta CHECK (delta IN (1, -1)),
    case_id      uuid NOT NULL,
    revision     int NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT demands_points CHECK (centipoints = 0 OR centipoints > 0 AND subject_kind = 'unit')
);
CREATE INDEX demands_by_scope ON demands (scope, scope_kind);
REVOKE UPDATE, DELETE, TRUNCATE ON demands FROM mashang_scoring;
CREATE TRIGGER demands_append_only BEFORE UPDATE OR DELETE ON demands
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""

FACTS = """
ALTER TABLE verdicts ADD COLUMN officers text[] NOT NULL DEFAULT '{}';
ALTER TABLE verdicts ADD COLUMN categories text[] NOT NULL DEFAULT '{}';
UPDATE verdicts v SET officers = s.badges
FROM (SELECT case_id, array_agg(badge ORDER BY badge) AS badges
      FROM (SELECT case_id, badge FROM strikes GROUP BY case_id, badge, incident_id
            HAVING sum(delta) > 0) AS marks
      GROUP BY case_id) AS s
WHERE s.case_id = v.case_id;
CREATE INDEX verdicts_by_officer ON verdicts USING gin (officers);
CREATE INDEX verdicts_by_unit ON verdicts (unit_code)
"""

# Reasons are the rules' keys, and rules are added without a migration.
REASONS = """
ALTER TABLE points_entries DROP CONSTRAINT points_entries_reason_known;
ALTER TABLE points_entries DROP CONSTRAINT points_entries_badge
"""

# A sanction follows from a strike in the year of the verdict that caused it.
BACKFILL = """
INSERT INTO demands (subject_kind, subject, rule, scope_kind, scope, period, centipoints, delta,
                     case_id, revision, changed_at)
SELECT 'unit', e.unit_code, e.reason, CASE WHEN e.badge IS NULL THEN 'case' ELSE 'officer' END,
       coalesce(e.badge, e.case_id::text),
       (SELECT max(s.year)::text FROM strikes s WHERE s.badge = e.badge AND s.case_id = e.case_id),
       abs(e.delta_centipoints), -sign(e.delta_centipoints)::int, e.case_id, e.revision,
       e.changed_at
FROM points_entries e ORDER BY e.changed_at, e.unit_code, e.entry_no;
INSERT INTO demands (subject_kind, subject, rule, scope_kind, scope, incident_id, period,
                     centipoints, delta, case_id, revision, changed_at)
SELECT 'officer', badge, 'strike', 'case', case_id::text, incident_id, year::text, 0, delta,
       case_id, revision, changed_at
FROM strikes ORDER BY strike_no;
INSERT INTO demands (subject_kind, subject, rule, scope_kind, scope, centipoints, delta, case_id,
                     revision, changed_at)
SELECT 'unit', unit_code, 'criticism', 'case', case_id::text, 0, 1, case_id, revision, issued_at
FROM criticisms ORDER BY year, number;
INSERT INTO demands (subject_kind, subject, rule, scope_kind, scope, centipoints, delta, case_id,
                     revision, changed_at)
SELECT 'unit', c.unit_code, 'criticism', 'case', c.case_id::text, 0, -1, c.case_id, w.revision,
       w.withdrawn_at
FROM criticism_withdrawals w JOIN criticisms c USING (year, number) ORDER BY year, number
"""


def upgrade() -> None:
    """Create the journal, and fill it from the ledgers."""
    for block in (DEMANDS, FACTS, REASONS, BACKFILL):
        run_script(block)
