"""Case numbers that people read aloud and type: the year of opening and a running number."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# The sequence never begins anew: no year needs a lock or a row of its own. The default is for
# instances of before, which name no number while they still run.
NUMBERS = """
CREATE SEQUENCE case_numbers;
GRANT USAGE ON SEQUENCE case_numbers TO mashang_verification;
CREATE FUNCTION case_number(opened_in int, running bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT lpad((opened_in % 100)::text, 2, '0') || '-'
        || lpad(running::text, greatest(6, length(running::text)), '0')
$$;
CREATE FUNCTION year_here(at timestamptz) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT extract(year FROM at AT TIME ZONE 'Asia/Shanghai')::int
$$;
ALTER TABLE cases ADD COLUMN number text;
UPDATE cases SET number = case_number(year_here(opened_at), nth)
FROM (SELECT case_id, row_number() OVER (ORDER BY opened_at, case_id) AS nth FROM cases) AS opened
WHERE cases.case_id = opened.case_id;
SELECT setval('case_numbers', greatest(count(*), 1), count(*) > 0) FROM cases;
ALTER TABLE cases ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN number SET DEFAULT
        case_number(year_here(mashang_now()), nextval('case_numbers')),
    ADD CONSTRAINT cases_number_key UNIQUE (number)
"""


def upgrade() -> None:
    """Cases of before are numbered in the order in which they were opened."""
    run_script(NUMBERS)
