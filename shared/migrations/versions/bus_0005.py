"""Who took which list away, when, and how many rows (see web/exports)."""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

EXPORTS = """
CREATE TABLE exports (
    export_id   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT exports_pkey PRIMARY KEY,
    username    text NOT NULL,
    what        text NOT NULL,
    asked       text NOT NULL,
    format      text NOT NULL CONSTRAINT exports_format_known CHECK (format IN ('csv', 'xlsx')),
    number      int NOT NULL,
    exported_at timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE TRIGGER exports_append_only BEFORE UPDATE OR DELETE ON exports
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Every service has lists."""
    run_script(EXPORTS)
    role = f"mashang_{context.config.attributes['service']}"
    run_script(f"REVOKE UPDATE, DELETE, TRUNCATE ON exports FROM {role}")
