"""The operators as each service knows them, and what row-level security reads.

`mashang_scope()` is the place below which the present transaction may see: `*` for the service
itself (set when it connects), an operator's place when it acts for one, nothing for anybody else.
"""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

STAFF = """
CREATE TABLE staff (
    username text CONSTRAINT staff_pkey PRIMARY KEY,
    name     text NOT NULL,
    role     text NOT NULL,
    scope    text NOT NULL,
    badge    text,
    active   boolean NOT NULL,
    version  int NOT NULL
)
"""

SCOPE = """
CREATE FUNCTION mashang_scope() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('mashang.scope', true), '')
$$;
CREATE FUNCTION mashang_badge() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('mashang.badge', true), '')
$$
"""


def upgrade() -> None:
    """Create them."""
    for block in (STAFF, SCOPE):
        run_script(block)
    role = f"mashang_{context.config.attributes['service']}"
    run_script(f"GRANT SELECT, INSERT, UPDATE ON staff TO {role}")
