"""How many of each kind came in, as a total up to an hour ago; photos that were looked at once."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# The first 48 bits of an id are when it was made. `id` is the first that is not in the totals: what
# is stored lies within a minute of its id, and the hour is there for clocks that differ.
TOTALS = """
CREATE FUNCTION first_id(since timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(lpad(to_hex((extract(epoch FROM since) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;
CREATE TABLE received_before (
    one        boolean NOT NULL DEFAULT true CONSTRAINT received_before_one UNIQUE
               CONSTRAINT received_before_only CHECK (one),
    id         uuid NOT NULL,
    ratings    bigint NOT NULL,
    complaints bigint NOT NULL,
    requests   bigint NOT NULL
);
INSERT INTO received_before (id, ratings, complaints, requests)
SELECT bound, count(*) FILTER (WHERE kind = 'rating'), count(*) FILTER (WHERE kind = 'complaint'),
    count(*) FILTER (WHERE kind = 'request')
FROM (SELECT first_id(now() - interval '1 hour') AS bound) b LEFT JOIN submissions s ON s.id < bound
GROUP BY bound
"""

# Whether it is known to belong to something that was sent: that is so for ever.
SENT = """
ALTER TABLE attachments ADD COLUMN sent boolean NOT NULL DEFAULT false;
GRANT UPDATE (sent) ON attachments TO mashang_intake;
CREATE INDEX attachments_new ON attachments (created_at) WHERE erased_at IS NULL AND NOT sent
"""


def upgrade() -> None:
    """All is counted once; photos of before are looked at once more."""
    run_script(TOTALS)
    run_script(SENT)
