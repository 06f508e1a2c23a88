"""A reward's phone can be forgotten when it is settled; the index stays, as what was paid does."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Heard of, and done once nothing is owed. An erased phone is ''.
ERASURES = """
CREATE TABLE erasures (
    submission_id uuid CONSTRAINT erasures_pkey PRIMARY KEY,
    heard_at      timestamptz NOT NULL DEFAULT mashang_now(),
    done_at       timestamptz
);
CREATE INDEX erasures_waiting ON erasures (heard_at) WHERE done_at IS NULL;
CREATE INDEX rewards_submission ON rewards (submission_id);
ALTER TABLE rewards DROP CONSTRAINT rewards_phone_sealed,
    ADD CONSTRAINT rewards_phone_sealed
        CHECK (phone_sealed <> '' OR state IN ('refused', 'paid', 'reversed'))
"""


def upgrade() -> None:
    """Nothing of before is erased by this."""
    run_script(ERASURES)
