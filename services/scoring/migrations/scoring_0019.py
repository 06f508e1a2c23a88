"""Who has read a numbered document of their unit, or about themselves, and when."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

READINGS = """
CREATE TABLE paper_readings (
    kind      text NOT NULL,
    year      int NOT NULL,
    number    int NOT NULL,
    unit_code text NOT NULL,
    read_by   text NOT NULL,
    read_at   timestamptz NOT NULL,
    CONSTRAINT paper_readings_pkey PRIMARY KEY (kind, year, number)
);
REVOKE UPDATE, DELETE, TRUNCATE ON paper_readings FROM mashang_scoring;
CREATE TRIGGER paper_readings_append_only BEFORE UPDATE OR DELETE ON paper_readings
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Visible where its unit is."""
    run_script(READINGS)
    secure("paper_readings", "unit_code IN (SELECT unit_code FROM units)")
