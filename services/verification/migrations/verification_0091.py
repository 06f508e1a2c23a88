"""Notices that nobody has acknowledged yet, and all of them by their unit.

Triggers keep what waits, so that a process of before, which knows nothing of it, leaves none out.
Whose a notice is, is asked of each by itself (OFFSET), and never by reading all cases first.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

WAITING = """
CREATE TABLE notices_waiting (
    notice_id  uuid CONSTRAINT notices_waiting_pkey PRIMARY KEY
               CONSTRAINT notices_waiting_notice_id_fkey REFERENCES notices,
    place_code text NOT NULL,
    year       int NOT NULL,
    number     int NOT NULL
);
INSERT INTO notices_waiting (notice_id, place_code, year, number)
SELECT notice_id, place_code, year, number FROM notices n
WHERE NOT EXISTS (SELECT FROM notice_acknowledgements a WHERE a.notice_id = n.notice_id);
CREATE INDEX notices_waiting_of_place ON notices_waiting (place_code, year, number);
CREATE INDEX notices_waiting_newest ON notices_waiting (year, number);
CREATE INDEX notices_of_unit ON notices (unit_code, year, number)
"""
KEPT = """
CREATE FUNCTION notice_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notices_waiting (notice_id, place_code, year, number)
    VALUES (NEW.notice_id, NEW.place_code, NEW.year, NEW.number);
    RETURN NULL;
END $$;
CREATE FUNCTION notice_waits_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM notices_waiting WHERE notice_id = NEW.notice_id;
    RETURN NULL;
END $$;
CREATE TRIGGER notices_wait AFTER INSERT ON notices
    FOR EACH ROW EXECUTE FUNCTION notice_waits();
CREATE TRIGGER notice_acknowledgements_end AFTER INSERT ON notice_acknowledgements
    FOR EACH ROW EXECUTE FUNCTION notice_waits_no_more()
"""
SEEN = "EXISTS (SELECT FROM notices n WHERE n.notice_id = {table}.notice_id OFFSET 0)"
POLICIES = """
ALTER POLICY notices_seen ON notices USING (mashang_scope() = '*'
    OR EXISTS (SELECT FROM cases c WHERE c.case_id = notices.case_id OFFSET 0));
ALTER POLICY notice_acknowledgements_seen ON notice_acknowledgements
    USING (mashang_scope() = '*' OR ({acknowledged}));
ALTER POLICY notice_reminders_seen ON notice_reminders
    USING (mashang_scope() = '*' OR ({reminded}))
"""


def upgrade() -> None:
    """Who sees the notice sees that it waits."""
    run_script(WAITING)
    run_script(KEPT)
    secure("notices_waiting", SEEN.format(table="notices_waiting"))
    run_script(POLICIES.format(
        acknowledged=SEEN.format(table="notice_acknowledgements"),
        reminded=SEEN.format(table="notice_reminders"),
    ))  # fmt: skip
