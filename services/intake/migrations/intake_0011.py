"""Photos and recordings: one row each, under the receipt whose key they came with.

The sealed file lies in the storage, as `<kind>/<id>`. A row is noted before its file is stored; it
is `erased` when nobody may see it any more, and `removed` when the file is gone.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

ATTACHMENTS = """
CREATE TABLE attachments (
    attachment_id uuid CONSTRAINT attachments_pkey PRIMARY KEY,
    receipt_hash  bytea NOT NULL,
    kind          text NOT NULL CONSTRAINT attachments_kind_known
                  CHECK (kind IN ('photo', 'voice')),
    size          int NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT mashang_now(),
    erased_at     timestamptz,
    removed_at    timestamptz,
    CONSTRAINT attachments_removed CHECK (removed_at IS NULL OR erased_at IS NOT NULL)
);
CREATE INDEX attachments_receipt ON attachments (receipt_hash);
CREATE INDEX attachments_kept ON attachments (created_at) WHERE erased_at IS NULL;
CREATE INDEX attachments_erased ON attachments (erased_at) WHERE removed_at IS NULL;
REVOKE UPDATE, DELETE, TRUNCATE ON attachments FROM mashang_intake;
GRANT UPDATE (erased_at, removed_at) ON attachments TO mashang_intake
"""


def upgrade() -> None:
    """What came stays noted; only that it has gone is noted beside it."""
    run_script(ATTACHMENTS)
