"""An officer's appeal is asked of the level above whoever had the last word on the case.

It is the officer's own, so there is one of each; and what it changed is known to the verdict.
"""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

APPEALS = """
ALTER TABLE case_requests ADD COLUMN badge text, ADD COLUMN judged_by text,
    ADD COLUMN judged_role text,
    DROP CONSTRAINT case_requests_kind_known,
    ADD CONSTRAINT case_requests_kind_known
        CHECK (kind IN ('extension', 'dispute', 'merge', 'split', 'appeal')),
    ADD CONSTRAINT case_requests_badge CHECK ((badge IS NOT NULL) = (kind = 'appeal')
        AND (judged_by IS NOT NULL) = (kind = 'appeal')
        AND (judged_role IS NOT NULL) = (kind = 'appeal'));
DROP INDEX case_requests_open;
CREATE UNIQUE INDEX case_requests_open ON case_requests (case_id, kind, coalesce(badge, ''))
    WHERE outcome IS NULL;
CREATE INDEX case_requests_appeals ON case_requests (case_id) WHERE kind = 'appeal';
ALTER TABLE verdicts ADD COLUMN overturned text
"""


def upgrade() -> None:
    """Nobody has appealed before."""
    run_script(APPEALS)
