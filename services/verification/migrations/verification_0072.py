"""A unit's windows by name and matters, and who is on duty at which of them.

What is taken off the roster stays, with who did it and when: it said from whom a case is kept.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

WINDOWS = """
CREATE TABLE windows (
    unit_code  text NOT NULL CONSTRAINT windows_unit_code_fkey REFERENCES units,
    counter    int NOT NULL CONSTRAINT windows_counter_on_a_poster CHECK (counter BETWEEN 1 AND 99),
    name       text NOT NULL,
    matters    text[] NOT NULL,
    active     boolean NOT NULL,
    version    int NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT mashang_now(),
    CONSTRAINT windows_pkey PRIMARY KEY (unit_code, counter)
)
"""
DUTIES = """
CREATE TABLE duties (
    duty_id    bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT duties_pkey PRIMARY KEY,
    unit_code  text NOT NULL CONSTRAINT duties_unit_code_fkey REFERENCES units,
    counter    int NOT NULL CONSTRAINT duties_counter_on_a_poster CHECK (counter BETWEEN 1 AND 99),
    badge      text NOT NULL CONSTRAINT duties_badge_fkey REFERENCES officers,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    added_by   text NOT NULL,
    added_at   timestamptz NOT NULL DEFAULT mashang_now(),
    removed_by text,
    removed_at timestamptz,
    CONSTRAINT duties_end_after_they_begin CHECK (starts_at < ends_at),
    CONSTRAINT duties_removed_by_somebody CHECK ((removed_by IS NULL) = (removed_at IS NULL))
);
CREATE INDEX duties_of_unit ON duties (unit_code, starts_at);
CREATE INDEX duties_of_officer ON duties (badge, starts_at) WHERE removed_at IS NULL;
REVOKE UPDATE, DELETE, TRUNCATE ON duties FROM mashang_verification;
GRANT UPDATE (removed_by, removed_at) ON duties TO mashang_verification
"""


def upgrade() -> None:
    """Who may see the unit sees them."""
    run_script(WINDOWS)
    run_script(DUTIES)
    for table in ("windows", "duties"):
        secure(table, "unit_code IN (SELECT unit_code FROM units)")
