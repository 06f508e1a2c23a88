"""What is personal in a case can be forgotten: phone, words, photos, and what citizens said of it.

A case without a phone is one that never had one, or whose phone was erased.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

# Heard of, and done once the case is closed.
ERASURES = """
CREATE TABLE erasures (
    submission_id uuid CONSTRAINT erasures_pkey PRIMARY KEY,
    heard_at      timestamptz NOT NULL DEFAULT mashang_now(),
    done_at       timestamptz
);
CREATE INDEX erasures_waiting ON erasures (heard_at) WHERE done_at IS NULL;
ALTER TABLE cases ADD COLUMN erased_at timestamptz, DROP CONSTRAINT cases_no_phone,
    ADD CONSTRAINT cases_no_phone CHECK
        (erased_at IS NOT NULL OR (callback_state = 'no_phone') = (phone_sealed IS NULL));
ALTER TABLE commendations ALTER COLUMN words_sealed DROP NOT NULL
"""


def upgrade() -> None:
    """Nothing of before is erased by this."""
    run_script(ERASURES)
