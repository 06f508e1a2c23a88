"""What has been done under which repeat key, and the answer that it got (see web/repeats)."""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

REPEATS = """
CREATE TABLE repeats (
    key_hash     bytea CONSTRAINT repeats_pkey PRIMARY KEY,
    request_hash bytea NOT NULL,
    answer       bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX repeats_created_at ON repeats (created_at)
"""


def upgrade() -> None:
    """Every service has staff who may click twice."""
    run_script(REPEATS)
    role = f"mashang_{context.config.attributes['service']}"
    run_script(f"GRANT SELECT, INSERT, DELETE ON repeats TO {role}")
