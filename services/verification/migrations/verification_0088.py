"""The figures as running totals: what each change of a case adds and takes, and the sums of it."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# What the figures look at. A change is a row of what was, taken away, and one of what is: nobody
# waits for anybody, as for a total that all would change. The triggers note it, so that code of
# before counts as well.
COUNTED = (
    "kind", "state", "received_at", "reached_at", "reached_due_at", "handed_at", "handed_due_at",
    "in_force", "rating", "solved", "satisfied", "withdrawn_at",
)  # fmt: skip
TOTALS = f"""
CREATE TABLE figure_changes AS SELECT 1::smallint AS sign, {", ".join(COUNTED)} FROM cases LIMIT 0;
ALTER TABLE figure_changes ALTER COLUMN sign SET NOT NULL,
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE figure_totals (
    zone   text NOT NULL,
    name   text NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT figure_totals_pkey PRIMARY KEY (zone, name)
);
"""  # noqa: S608  the names are this module's own
NOTED = f"""
CREATE FUNCTION note_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO figure_changes VALUES (-1, {", ".join(f"OLD.{name}" for name in COUNTED)});
    END IF;
    INSERT INTO figure_changes VALUES (1, {", ".join(f"NEW.{name}" for name in COUNTED)});
    RETURN NULL;
END $$;
CREATE TRIGGER cases_figures_added AFTER INSERT ON cases
    FOR EACH ROW EXECUTE FUNCTION note_figures();
CREATE TRIGGER cases_figures_changed AFTER UPDATE ON cases FOR EACH ROW
    WHEN (({", ".join(f"OLD.{name}" for name in COUNTED)})
          IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in COUNTED)}))
    EXECUTE FUNCTION note_figures()
"""  # noqa: S608


def upgrade() -> None:
    """Cases of before are counted by the job, once; until then the figures count all cases."""
    run_script(TOTALS)
    run_script(NOTED)
