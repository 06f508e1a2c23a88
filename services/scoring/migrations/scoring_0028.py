"""In how many incidents something was found true, by unit and month; and whose month has changed.

A trigger notes the unit and moment of what was or is true, in the transaction of the change; a job
counts those months again. Months of before are counted by the job, the newest first.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# `found_progress` says by which zone's months, and from which time on they are counted.
MONTHS = """
CREATE TABLE found_months (
    month     date NOT NULL,
    unit_code text NOT NULL,
    incidents int NOT NULL,
    CONSTRAINT found_months_pkey PRIMARY KEY (month, unit_code)
) WITH (fillfactor = 85);
CREATE TABLE found_news (
    number      bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT found_news_pkey PRIMARY KEY,
    unit_code   text NOT NULL,
    received_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE found_progress (
    zone  text NOT NULL,
    since timestamptz NOT NULL
)
"""
NOTED = """
CREATE FUNCTION note_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.kind = 'complaint' AND OLD.verdict IN ('substantiated', 'partly') THEN
            INSERT INTO found_news (unit_code, received_at)
            VALUES (OLD.unit_code, OLD.received_at);
        END IF;
    END IF;
    IF NEW.kind = 'complaint' AND NEW.verdict IN ('substantiated', 'partly') THEN
        INSERT INTO found_news (unit_code, received_at) VALUES (NEW.unit_code, NEW.received_at);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION note_found_of_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO found_news (unit_code, received_at)
    SELECT unit_code, received_at FROM verdicts
    WHERE case_id = NEW.case_id AND kind = 'complaint' AND verdict IN ('substantiated', 'partly');
    RETURN NULL;
END $$;
CREATE TRIGGER verdicts_found AFTER INSERT OR UPDATE ON verdicts
    FOR EACH ROW EXECUTE FUNCTION note_found();
CREATE TRIGGER incidents_found AFTER INSERT OR UPDATE ON incidents
    FOR EACH ROW EXECUTE FUNCTION note_found_of_incident()
"""


def upgrade() -> None:
    """Each visible where its unit is."""
    for block in (MONTHS, NOTED):
        run_script(block)
    for table in ("found_months", "found_news"):
        secure(table, "unit_code IN (SELECT unit_code FROM units)")
