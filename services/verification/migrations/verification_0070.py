"""What happened to accounts: signed in, refused, changed by whom. It can only be added to.

An address is kept as its network only. What is older than half a year may be forgotten, and then by
one function; nothing younger, not even by hand.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

EVENTS = """
CREATE TABLE account_events (
    event_id    bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT account_events_pkey PRIMARY KEY,
    username    text NOT NULL,
    kind        text NOT NULL,
    done_by     text NOT NULL,
    agent       text NOT NULL,
    network     text NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT mashang_now()
);
CREATE INDEX account_events_of ON account_events (username, event_id);
CREATE INDEX account_events_kind ON account_events (kind, event_id);
CREATE INDEX account_events_happened ON account_events (happened_at);
REVOKE UPDATE, DELETE, TRUNCATE ON account_events FROM mashang_verification;
CREATE FUNCTION refuse_change_of_young() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.happened_at < mashang_now() - interval '180 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER account_events_append_only BEFORE UPDATE OR DELETE ON account_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_young()
"""

FORGETTING = """
CREATE FUNCTION forget_account_events(kept interval, most int) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH old AS (
        SELECT event_id FROM account_events WHERE happened_at < mashang_now() - kept
        ORDER BY happened_at LIMIT most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM account_events e USING old WHERE e.event_id = old.event_id RETURNING 1
    )
    SELECT count(*)::int FROM gone
$$;
REVOKE EXECUTE ON FUNCTION forget_account_events(interval, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_account_events(interval, int) TO mashang_verification
"""


def upgrade() -> None:
    """What happened before is not known."""
    run_script(EVENTS)
    run_script(FORGETTING)
