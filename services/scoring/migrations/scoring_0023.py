"""The figures as running totals: what each case adds to them, and which cases may add otherwise.

What a case adds is told by several tables, which events fill in any order. So a trigger only notes
whose figures may have changed, in the transaction of the change; a job counts those again.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

NAMES = (
    "cases", "complaints", "called_back", "called_back_in_time", "called_back_same_day",
    "verified", "verified_in_time", "verified_same_day", "substantiated", "rated", "solved",
    "not_solved", "satisfied", "not_satisfied", "asked_by_sms", "answered_of_asked", "criticisms",
    "rewards_paid", "rewards_paid_fen", "rewards_held", "rewards_manual", "rewards_withdrawn",
    "rewards_refused", "rewards_reversed",
)  # fmt: skip
# `key` is a submission, or a case of which nothing else is known yet. `figure_progress` says by
# which zone's days the totals are, and how far they have come: nothing left is all.
TOTALS = f"""
CREATE TABLE figure_news (
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT figure_news_pkey PRIMARY KEY,
    key    uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE figure_parts (
    key uuid CONSTRAINT figure_parts_pkey PRIMARY KEY,
    {", ".join(f"{name} int NOT NULL" for name in NAMES)}
) WITH (fillfactor = 85);
CREATE TABLE figure_totals (
    name   text CONSTRAINT figure_totals_pkey PRIMARY KEY,
    number bigint NOT NULL
);
CREATE TABLE figure_progress (
    zone  text NOT NULL,
    rest  text[] NOT NULL,
    after uuid NOT NULL
)
"""
NOTED = """
CREATE FUNCTION note_figures_of_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_news (key) VALUES (NEW.case_id);
    RETURN NULL;
END $$;
CREATE FUNCTION note_figures_of_submission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_news (key) VALUES (NEW.submission_id);
    RETURN NULL;
END $$;
CREATE FUNCTION note_figures_of_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_news (key)
    SELECT case_id FROM criticisms WHERE (year, number) = (NEW.year, NEW.number);
    RETURN NULL;
END $$
"""
BY_CASE = ("cases", "callbacks", "verdicts", "handed_in", "criticisms", "rewards")
BY_SUBMISSION = ("cases", "answers", "questions")


def upgrade() -> None:
    """Cases of before are counted by the job, step by step; until then the figures count all."""
    run_script(TOTALS)
    run_script(NOTED)
    for what, tables in (("case", BY_CASE), ("submission", BY_SUBMISSION)):
        for table in tables:
            _note(what, table, "INSERT OR UPDATE")
    _note("submission", "submissions", "INSERT", "WHEN (NEW.kind = 'complaint')")
    _note("withdrawal", "criticism_withdrawals", "INSERT")


def _note(what: str, table: str, when: str, which: str = "") -> None:
    run_script(f"""
        CREATE TRIGGER {table}_figures_of_{what} AFTER {when} ON {table}
        FOR EACH ROW {which} EXECUTE FUNCTION note_figures_of_{what}()
    """)
