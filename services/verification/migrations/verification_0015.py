"""Units are told again: what a service keeps of them only since an upgrade, it has from now on.

As a version later than any that was told, so that everybody takes it over. Consumers go first.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

TELL_AGAIN = """
UPDATE units SET version = version + 1;
INSERT INTO outbox (event_id, type, body)
SELECT id, 'unit.changed.v1', json_build_object(
    'specversion', '1.0', 'id', id, 'source', '/mashang/verification',
    'type', 'unit.changed.v1', 'subject', unit_code,
    'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'datacontenttype', 'application/json', 'aggregateversion', version, 'traceparent', NULL,
    'data', json_build_object('unit_code', unit_code, 'name', name, 'parent', parent,
        'path', path, 'kind', kind, 'counters', counters, 'active', active, 'version', version,
        'matters', matters))::text
FROM (SELECT gen_random_uuid() AS id, units.* FROM units ORDER BY unit_code) AS told
"""


def upgrade() -> None:
    """Once, in the order of their codes; nothing where there are no units yet."""
    run_script(TELL_AGAIN)
