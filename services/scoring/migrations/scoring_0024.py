"""An officer's verdicts are found by their index, though row-level security is asked as well.

PostgreSQL asks a policy before it compares arrays, since that might tell of rows that nobody may
see: so each verdict that was heard read all others. This function is the owner's, whom no policy
binds, and tells ids alone; whoever reads the verdicts by them sees what they may.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

FOUND = """
CREATE FUNCTION verdicts_on(badges text[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 20 AS $$
    SELECT case_id FROM verdicts WHERE officers && badges
$$
"""


def upgrade() -> None:
    """Nothing else."""
    run_script(FOUND)
