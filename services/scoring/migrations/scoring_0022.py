"""Who was asked by SMS whether it is solved, and about which verdict there is an answer."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# NULL is an answer of before.
QUESTIONS = """
CREATE TABLE questions (
    submission_id uuid CONSTRAINT questions_pkey PRIMARY KEY,
    revision      int NOT NULL
);
ALTER TABLE answers ADD COLUMN revision int
"""


def upgrade() -> None:
    """Whom an SMS asked before is not known here, and of nobody's answers about which verdict."""
    run_script(QUESTIONS)
    secure(
        "questions",
        "EXISTS (SELECT FROM cases c WHERE c.submission_id = questions.submission_id)",
    )
