"""Which documents wait to be read at a unit: the desk is told of those of before, too."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# What stands there a job tells and takes out: once.
UNTOLD = """
CREATE TABLE untold_papers (
    kind      text NOT NULL,
    year      int NOT NULL,
    number    int NOT NULL,
    unit_code text NOT NULL,
    badge     text,
    CONSTRAINT untold_papers_pkey PRIMARY KEY (kind, year, number)
);
INSERT INTO untold_papers (kind, year, number, unit_code, badge)
SELECT 'criticism', c.year, c.number, c.unit_code, NULL
FROM criticisms c LEFT JOIN criticism_withdrawals w USING (year, number)
LEFT JOIN paper_readings r ON (r.kind, r.year, r.number) = ('criticism', c.year, c.number)
WHERE w.year IS NULL AND r.kind IS NULL
UNION ALL
SELECT p.kind, p.year, p.number, p.unit_code, p.badge
FROM papers p LEFT JOIN paper_withdrawals w USING (kind, year, number)
LEFT JOIN paper_readings r USING (kind, year, number)
WHERE w.kind IS NULL AND r.kind IS NULL;
-- For leadership's page.
CREATE INDEX appeals_waiting ON appeals (due_at) WHERE state = 'filed'
"""


def upgrade() -> None:
    """Read by the service alone, never for an operator."""
    run_script(UNTOLD)
