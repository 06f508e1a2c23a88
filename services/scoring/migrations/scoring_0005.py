"""Units by their place in a tree of any city: the codes from the root down to the unit's own."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0002"

UNITS = """
ALTER TABLE units RENAME COLUMN county TO parent;
ALTER TABLE units ADD COLUMN path text[] NOT NULL DEFAULT '{}';
UPDATE units SET path = ARRAY[county_code, unit_code];
ALTER TABLE units ALTER COLUMN path DROP DEFAULT;
ALTER TABLE units DROP COLUMN county_code;
CREATE INDEX units_path ON units USING gin (path)
"""


def upgrade() -> None:
    """Units of before lie below their county until they are told again."""
    run_script(UNITS)
