"""Cases are found by the citizen's words and by phone, though both lie sealed.

`grams` are the pairs of characters of the words, each as one of 16,384 keyed buckets: whoever holds
the table and no key sees about how long the words are, which cases share buckets, and how frequent
a bucket is, but not which pairs are in it.
`unread_words` are the cases whose words changed since they were last put there; a job reads them,
so that no act has to know of it. Neither references cases: a job that waits for a case would stop
whoever has the case and waits for the job.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

GRAMS = """
CREATE TABLE case_grams (
    case_id uuid CONSTRAINT case_grams_pkey PRIMARY KEY,
    grams   int[] NOT NULL
);
CREATE INDEX case_grams_grams ON case_grams USING gin (grams);
CREATE INDEX cases_phone_index ON cases (phone_index) WHERE phone_index IS NOT NULL;
CREATE TABLE unread_words (case_id uuid CONSTRAINT unread_words_pkey PRIMARY KEY);
INSERT INTO unread_words SELECT case_id FROM cases WHERE words_sealed IS NOT NULL;
CREATE FUNCTION note_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unread_words VALUES (NEW.case_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER cases_words AFTER INSERT ON cases FOR EACH ROW
    WHEN (NEW.words_sealed IS NOT NULL) EXECUTE FUNCTION note_words();
CREATE TRIGGER cases_new_words AFTER UPDATE ON cases FOR EACH ROW
    WHEN (NEW.words_sealed IS DISTINCT FROM OLD.words_sealed AND NEW.words_sealed IS NOT NULL)
    EXECUTE FUNCTION note_words();
CREATE TRIGGER case_additions_words AFTER INSERT ON case_additions FOR EACH ROW
    WHEN (NEW.words_sealed IS NOT NULL) EXECUTE FUNCTION note_words()
"""
# No operator that PostgreSQL may use below row-level security looks into an array; so the index is
# read as the tables' owner, below the place of whoever asks, and what it gives is read as theirs.
FIND = """
CREATE FUNCTION cases_with_grams(wanted int[], most int) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.case_id FROM case_grams g JOIN cases USING (case_id) JOIN units USING (unit_code)
    WHERE g.grams @> wanted AND path @> ARRAY[mashang_scope()]
    ORDER BY g.case_id DESC LIMIT most
$$
"""


def upgrade() -> None:
    """The words of cases of before are read by the running service."""
    run_script(GRAMS)
    run_script(FIND)
    secure("case_grams", "EXISTS (SELECT FROM cases c WHERE c.case_id = case_grams.case_id)")
