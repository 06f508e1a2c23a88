"""Rewards by unit, and the units' places in the tree: who may see a reward follows from both."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0002"

UNITS = """
CREATE TABLE units (
    unit_code text CONSTRAINT units_pkey PRIMARY KEY,
    path      text[] NOT NULL,
    version   int NOT NULL
);
CREATE INDEX units_path ON units USING gin (path)
"""

# Rewards of before get '', which is no unit's code: only who may see everything sees them.
UNIT_CODE = """
ALTER TABLE rewards ADD COLUMN unit_code text NOT NULL DEFAULT '';
ALTER TABLE rewards ALTER COLUMN unit_code DROP DEFAULT;
CREATE INDEX rewards_unit ON rewards (unit_code, seq)
"""


def upgrade() -> None:
    """Create and extend the tables."""
    run_script(UNITS)
    run_script(UNIT_CODE)
