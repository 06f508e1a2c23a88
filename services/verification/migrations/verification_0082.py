"""The random review: a seed a day, what was drawn with it, and that it was told afterwards."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# A case draws once for each occasion, whatever becomes of it later.
TABLES = """
CREATE TABLE sample_seeds (
    day         date CONSTRAINT sample_seeds_pkey PRIMARY KEY,
    commitment  text NOT NULL,
    seed_sealed text NOT NULL,
    drawn_at    timestamptz NOT NULL
);
CREATE TABLE sample_draws (
    case_id   uuid NOT NULL CONSTRAINT sample_draws_case_id_fkey REFERENCES cases,
    drawn_for text NOT NULL
              CONSTRAINT sample_draws_drawn_for_known CHECK (drawn_for IN ('verdict', 'withdrawn')),
    day       date NOT NULL CONSTRAINT sample_draws_day_fkey REFERENCES sample_seeds,
    percent   int NOT NULL,
    drawn     boolean NOT NULL,
    drawn_at  timestamptz NOT NULL,
    CONSTRAINT sample_draws_pkey PRIMARY KEY (case_id, drawn_for)
);
CREATE INDEX sample_draws_day ON sample_draws (day);
CREATE TABLE sample_reveals (
    day         date CONSTRAINT sample_reveals_pkey PRIMARY KEY
                CONSTRAINT sample_reveals_day_fkey REFERENCES sample_seeds,
    revealed_at timestamptz NOT NULL
)
"""
APPEND_ONLY = "".join(
    f"""
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mashang_verification;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
    for table in ("sample_seeds", "sample_draws", "sample_reveals")
)


def upgrade() -> None:
    """Who may see the case sees its draws; what was drawn before stays drawn on the cases."""
    run_script(TABLES)
    run_script(APPEND_ONLY)
    secure("sample_draws", "EXISTS (SELECT FROM cases c WHERE c.case_id = sample_draws.case_id)")
