"""Sanctions that wait, appeals that are over, and what is demanded of a unit by its period.

Triggers keep what waits, so that a process of before, which knows nothing of it, leaves none out.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

WAITING = """
CREATE TABLE sanctions_waiting (
    sanction_id uuid CONSTRAINT sanctions_waiting_pkey PRIMARY KEY
                CONSTRAINT sanctions_waiting_sanction REFERENCES sanctions,
    rule        text NOT NULL,
    unit_code   text NOT NULL,
    proposed_at timestamptz NOT NULL
);
INSERT INTO sanctions_waiting (sanction_id, rule, unit_code, proposed_at)
SELECT sanction_id, rule, unit_code, proposed_at FROM sanctions s
WHERE NOT EXISTS (SELECT FROM sanction_decisions d WHERE d.sanction_id = s.sanction_id)
  AND NOT EXISTS (SELECT FROM sanction_withdrawals w WHERE w.sanction_id = s.sanction_id)
"""
KEPT = """
CREATE FUNCTION sanction_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sanctions_waiting (sanction_id, rule, unit_code, proposed_at)
    VALUES (NEW.sanction_id, NEW.rule, NEW.unit_code, NEW.proposed_at);
    RETURN NULL;
END $$;
CREATE FUNCTION sanction_waits_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sanctions_waiting WHERE sanction_id = NEW.sanction_id;
    RETURN NULL;
END $$;
CREATE TRIGGER sanctions_wait AFTER INSERT ON sanctions
    FOR EACH ROW EXECUTE FUNCTION sanction_waits();
CREATE TRIGGER sanction_decisions_end AFTER INSERT ON sanction_decisions
    FOR EACH ROW EXECUTE FUNCTION sanction_waits_no_more();
CREATE TRIGGER sanction_withdrawals_end AFTER INSERT ON sanction_withdrawals
    FOR EACH ROW EXECUTE FUNCTION sanction_waits_no_more()
"""
NEWEST = """
CREATE INDEX sanctions_newest ON sanctions (proposed_at, sanction_id);
CREATE INDEX sanctions_newest_of_rule ON sanctions (rule, proposed_at, sanction_id);
CREATE INDEX sanctions_newest_of_unit ON sanctions (unit_code, proposed_at, sanction_id);
DROP INDEX sanctions_by_unit
"""
# An overturned one is over once its new verdict is there.
APPEALS = """
ALTER TABLE appeals ADD COLUMN over boolean NOT NULL DEFAULT false;
UPDATE appeals a SET over = true FROM verdicts v
WHERE v.case_id = a.case_id AND a.state = 'overturned' AND a.revision < v.revision;
CREATE INDEX appeals_open ON appeals (unit_code) WHERE state <> 'upheld' AND NOT over;
CREATE INDEX appeals_overturned ON appeals (case_id) WHERE state = 'overturned' AND NOT over;
DROP INDEX appeals_of_unit
"""
DEMANDS = "CREATE INDEX demands_of_unit ON demands (scope, period) WHERE scope_kind = 'unit'"


def upgrade() -> None:
    """Nobody sees other sanctions than before."""
    for block in (WAITING, KEPT, NEWEST, APPEALS, DEMANDS):
        run_script(block)
    secure("sanctions_waiting", "unit_code IN (SELECT unit_code FROM units)")
