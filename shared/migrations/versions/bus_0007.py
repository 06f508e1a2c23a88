"""The console's tables: what failed when, who replayed or discarded what and why, each process.

`console_ends` says of an act that it is over; until then any process of the service goes on.
"""

from alembic import context

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

FAILURES = """
CREATE TABLE inbox_failures (
    failure_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT inbox_failures_pkey PRIMARY KEY,
    consumer   text NOT NULL,
    event_id   uuid NOT NULL,
    attempt    int NOT NULL,
    error      text,
    parked     boolean NOT NULL,
    failed_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_failures_event ON inbox_failures (event_id);
CREATE INDEX inbox_failures_failed_at ON inbox_failures (failed_at)
"""

ACTS = """
CREATE TABLE console_acts (
    act_id   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT console_acts_pkey PRIMARY KEY,
    act      text NOT NULL
             CONSTRAINT console_acts_known CHECK (act IN ('replay', 'discard', 'level')),
    username text NOT NULL,
    reason   text NOT NULL,
    asked    jsonb NOT NULL,
    number   int NOT NULL,
    acted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX console_acts_level ON console_acts (act_id) WHERE act = 'level';
CREATE TABLE console_ends (
    act_id   bigint CONSTRAINT console_ends_pkey PRIMARY KEY
             CONSTRAINT console_ends_act REFERENCES console_acts,
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE console_events (
    act_id      bigint CONSTRAINT console_events_act REFERENCES console_acts,
    event_id    uuid NOT NULL,
    consumer    text NOT NULL,
    type        text NOT NULL,
    attempts    int NOT NULL,
    error       text,
    since       timestamptz NOT NULL,
    body_sha256 bytea NOT NULL,
    told        text,
    touched_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT console_events_pkey PRIMARY KEY (act_id, event_id)
);
CREATE INDEX console_events_event ON console_events (event_id)
"""

PROCESSES = """
CREATE TABLE process_states (
    process text CONSTRAINT process_states_pkey PRIMARY KEY,
    told    jsonb NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50)
"""

WAITING = """
CREATE INDEX inbox_pending_since ON inbox_pending (state, coalesce(parked_at, stored_at), event_id)
"""

_ONLY_ADDED = ("console_acts", "console_ends", "console_events")


def upgrade() -> None:
    """Every service has them."""
    for block in (FAILURES, ACTS, PROCESSES, WAITING):
        run_script(block)
    role = f"mashang_{context.config.attributes['service']}"
    for table in _ONLY_ADDED:
        run_script(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION refuse_change();
            REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}
        """)
    run_script(f"REVOKE UPDATE ON inbox_failures FROM {role}")
