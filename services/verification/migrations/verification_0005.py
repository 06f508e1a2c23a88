"""Recusal by identity: from whom a case is kept, and when it was last held against the directory.

`recused` holds badges, `@username`, `#place` (everybody there: the case is a level higher) and `?`
(unit operators whose badge nobody knows); `cleared` what somebody above has taken away again.
`known` grows with every change of who somebody is: an operator sees no case that was examined
before their own last change. Cases of before are examined by the running service.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

PEOPLE = """
CREATE SEQUENCE identities;
GRANT USAGE ON SEQUENCE identities TO mashang_verification;
ALTER TABLE operators ADD COLUMN known bigint NOT NULL DEFAULT 0;
ALTER TABLE officers ADD COLUMN known bigint NOT NULL DEFAULT 0;
CREATE FUNCTION note_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.known := nextval('identities');
    RETURN NEW;
END $$;
CREATE TRIGGER operators_new BEFORE INSERT ON operators
    FOR EACH ROW EXECUTE FUNCTION note_identity();
CREATE TRIGGER operators_known BEFORE UPDATE ON operators FOR EACH ROW
    WHEN ((OLD.name, OLD.badge, OLD.scope, OLD.role, OLD.active)
          IS DISTINCT FROM (NEW.name, NEW.badge, NEW.scope, NEW.role, NEW.active))
    EXECUTE FUNCTION note_identity();
CREATE TRIGGER officers_new BEFORE INSERT ON officers
    FOR EACH ROW EXECUTE FUNCTION note_identity();
CREATE TRIGGER officers_known BEFORE UPDATE ON officers FOR EACH ROW
    WHEN ((OLD.name, OLD.unit_code) IS DISTINCT FROM (NEW.name, NEW.unit_code))
    EXECUTE FUNCTION note_identity();
CREATE FUNCTION mashang_known() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT greatest(
        (SELECT max(known) FROM operators
         WHERE '@' || username = ANY(string_to_array(mashang_badge(), E'\\x1f'))),
        (SELECT max(known) FROM officers
         WHERE badge = ANY(string_to_array(mashang_badge(), E'\\x1f'))), 0)
$$
"""

CASES = """
ALTER TABLE cases ADD COLUMN recused text[] NOT NULL DEFAULT '{}',
    ADD COLUMN cleared text[] NOT NULL DEFAULT '{}', ADD COLUMN examined bigint NOT NULL DEFAULT -1;
UPDATE cases SET recused = officers || officer_badge || '{?}'::text[]
    WHERE officer_badge IS NOT NULL OR officers <> '{}';
UPDATE cases SET recused = array_remove(recused, NULL) WHERE recused <> '{}';
CREATE INDEX cases_examined ON cases (unit_code, examined);
DROP POLICY cases_seen ON cases;
DROP POLICY case_actions_seen ON case_actions
"""
ME = r"string_to_array(mashang_badge(), E'\x1f')"
BELOW = "unit_code IN (SELECT unit_code FROM units)"
EXAMINED = "greatest(examined, 0) >= (SELECT mashang_known())"
OF_A_CASE = "EXISTS (SELECT FROM cases c WHERE c.case_id = case_actions.case_id)"
# That a case was moved, and why, is told to nobody from whom it was kept, also afterwards.
NOT_ABOUT_THEM = f"NOT coalesce(details -> 'recused' ?| {ME}, false)"


def upgrade() -> None:
    """What is known of a case of before keeps it from the same people."""
    run_script(PEOPLE)
    run_script(CASES)
    secure("cases", f"{BELOW} AND NOT recused && {ME} AND {EXAMINED}")
    secure("case_actions", f"{OF_A_CASE} AND {NOT_ABOUT_THEM}")
