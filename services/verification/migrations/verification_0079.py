"""A word that is owed to a citizen while the case is open: which, by when, how many there were.

Cases of before owe none. One that was not given in time is noted with the time at which it was due.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

WORDS = """
ALTER TABLE cases ADD COLUMN word_owed text, ADD COLUMN word_due_at timestamptz,
    ADD COLUMN words_given int NOT NULL DEFAULT 0,
    ADD CONSTRAINT cases_word_owed_known CHECK (word_owed IN ('acknowledgement', 'progress')),
    ADD CONSTRAINT cases_word_owed_by_a_time CHECK ((word_owed IS NULL) = (word_due_at IS NULL)),
    ADD CONSTRAINT cases_word_before_the_answer CHECK (word_owed IS NULL OR state <> 'verified');
CREATE INDEX cases_word_due ON cases (word_due_at, case_id) WHERE word_due_at IS NOT NULL;
CREATE TABLE missed_words (
    case_id     uuid NOT NULL CONSTRAINT missed_words_case_id_fkey REFERENCES cases,
    due_at      timestamptz NOT NULL,
    owed        text NOT NULL,
    detected_at timestamptz NOT NULL,
    CONSTRAINT missed_words_pkey PRIMARY KEY (case_id, due_at),
    CONSTRAINT missed_words_owed_known CHECK (owed IN ('acknowledgement', 'progress'))
);
REVOKE UPDATE, DELETE, TRUNCATE ON missed_words FROM mashang_verification;
CREATE TRIGGER missed_words_append_only BEFORE UPDATE OR DELETE ON missed_words
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Whoever sees the case sees what was missed."""
    run_script(WORDS)
    secure("missed_words", "EXISTS (SELECT FROM cases c WHERE c.case_id = missed_words.case_id)")
