"""Documents of a kind by unit and number, for those who see few units."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

INDEXES = """
CREATE INDEX criticisms_numbers_of_unit ON criticisms (unit_code, year, number);
CREATE INDEX papers_numbers_of_unit ON papers (unit_code, kind, year, number)
"""


def upgrade() -> None:
    """Nothing changes but the way to it."""
    run_script(INDEXES)
