"""What is asked of the level above may be to join another case, or to part from those it is with.

`named` references no case: who asks holds one, and would wait for whoever holds the other.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

NAMED = """
ALTER TABLE case_requests ADD COLUMN named uuid,
    DROP CONSTRAINT case_requests_kind_known,
    ADD CONSTRAINT case_requests_kind_known
        CHECK (kind IN ('extension', 'dispute', 'merge', 'split')),
    ADD CONSTRAINT case_requests_named
        CHECK ((named IS NOT NULL) = (kind IN ('merge', 'split')))
"""


def upgrade() -> None:
    """Requests of before name none."""
    run_script(NAMED)
