"""What citizens say of the answers: solved, and satisfied with the handling; the newest of each."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# NULL is a question left open.
ANSWERS = """
CREATE TABLE answers (
    submission_id uuid CONSTRAINT answers_pkey PRIMARY KEY,
    kind          text NOT NULL,
    unit_code     text NOT NULL,
    version       int NOT NULL,
    solved        boolean,
    satisfied     boolean,
    rated_at      timestamptz NOT NULL
);
CREATE INDEX answers_by_unit ON answers (unit_code, rated_at)
"""


def upgrade() -> None:
    """Nobody was asked before."""
    run_script(ANSWERS)
    secure("answers", "unit_code IN (SELECT unit_code FROM units)")
