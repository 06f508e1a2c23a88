"""The random review as anybody may check it: commitments, seeds, and the lots of each day."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

TABLES = """
CREATE TABLE sample_commitments (
    day          date CONSTRAINT sample_commitments_pkey PRIMARY KEY,
    commitment   text NOT NULL,
    committed_at timestamptz NOT NULL
);
CREATE TABLE sample_reveals (
    day         date CONSTRAINT sample_reveals_pkey PRIMARY KEY
                CONSTRAINT sample_reveals_day_fkey REFERENCES sample_commitments,
    seed        text NOT NULL,
    revealed_at timestamptz NOT NULL
);
CREATE TABLE sample_lots (
    number    text NOT NULL,
    drawn_for text NOT NULL,
    day       date NOT NULL CONSTRAINT sample_lots_day_fkey REFERENCES sample_reveals,
    percent   int NOT NULL,
    drawn     boolean NOT NULL,
    CONSTRAINT sample_lots_pkey PRIMARY KEY (number, drawn_for)
);
CREATE INDEX sample_lots_day ON sample_lots (day)
"""
APPEND_ONLY = "".join(
    f"""
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_intake;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
    for table in ("sample_commitments", "sample_reveals", "sample_lots")
)


def upgrade() -> None:
    """All of it is public."""
    run_script(TABLES)
    run_script(APPEND_ONLY)
