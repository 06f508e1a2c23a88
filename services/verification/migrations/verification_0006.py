"""Failed attempts to sign in by address, beside those by name."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# `sign_in_failures` also counts for a name and a known device, as "name device".
ADDRESSES = """
CREATE TABLE sign_in_addresses (
    address   text CONSTRAINT sign_in_addresses_pkey PRIMARY KEY,
    failures  float8 NOT NULL,
    failed_at timestamptz NOT NULL
)
"""


def upgrade() -> None:
    """Nothing of before is counted."""
    run_script(ADDRESSES)
