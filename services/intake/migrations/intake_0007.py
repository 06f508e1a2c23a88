"""How often something happened from one place, shared by all instances."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# `key` is a blind index: nobody reads an address or a phone here.
LIMITS = """
CREATE TABLE limits (
    name   text NOT NULL,
    key    text NOT NULL,
    number int NOT NULL,
    until  timestamptz NOT NULL,
    CONSTRAINT limits_pkey PRIMARY KEY (name, key)
);
CREATE INDEX limits_until ON limits (until)
"""


def upgrade() -> None:
    """Create the table."""
    run_script(LIMITS)
