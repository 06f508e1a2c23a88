"""Any city: places as a tree with named levels, opaque ids; operators have versions and more roles.

A unit's path are the codes from the root down to its own. Rows of before get a place for each
county that they name; the first import of places.csv joins those to one tree and tells every unit.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)
depends_on = "bus_0002"

PLACES = """
CREATE TABLE places (
    place_code  text CONSTRAINT places_pkey PRIMARY KEY,
    name        text NOT NULL,
    level       text NOT NULL,
    parent_code text CONSTRAINT places_parent_code_fkey REFERENCES places
                DEFERRABLE INITIALLY DEFERRED,
    version     int NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT places_not_own_parent CHECK (parent_code <> place_code)
);
INSERT INTO places (place_code, name, level, version)
    SELECT county_code, min(county), 'county', 1 FROM units GROUP BY county_code
"""

UNITS = """
ALTER TABLE units DROP CONSTRAINT units_unit_code_form;
ALTER TABLE units RENAME COLUMN county TO parent;
ALTER TABLE units ALTER COLUMN county_code DROP EXPRESSION;
ALTER TABLE units RENAME COLUMN county_code TO parent_code;
ALTER TABLE units ADD CONSTRAINT units_parent_code_fkey FOREIGN KEY (parent_code) REFERENCES places;
ALTER TABLE units ADD COLUMN path text[] NOT NULL DEFAULT '{}';
UPDATE units SET path = ARRAY[parent_code, unit_code];
ALTER TABLE units ALTER COLUMN path DROP DEFAULT;
ALTER TABLE units ADD CONSTRAINT units_path CHECK
    (path[cardinality(path)] = unit_code AND path[cardinality(path) - 1] = parent_code);
CREATE INDEX units_path ON units USING gin (path);
ALTER TABLE officers DROP CONSTRAINT officers_badge_form
"""

OPERATORS = """
ALTER TABLE operators DROP CONSTRAINT operators_scope_form;
ALTER TABLE operators DROP CONSTRAINT operators_role_known;
ALTER TABLE operators ADD CONSTRAINT operators_role_known CHECK (role IN (
    'unit_operator', 'county_supervisor', 'city_supervisor', 'reward_approver', 'leadership',
    'auditor', 'administrator'));
ALTER TABLE operators ADD COLUMN version int NOT NULL DEFAULT 1;
ALTER TABLE operators ALTER COLUMN version DROP DEFAULT
"""


def upgrade() -> None:
    """Rows of before keep their codes; nothing is read from how a code is written."""
    for block in (PLACES, UNITS, OPERATORS):
        run_script(block)
