"""Submissions that wait for a person before they count, and what that person decided."""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# `body` is the event as intake told it, its words and phone sealed as they came.
HOLDS = """
CREATE TABLE holds (
    submission_id uuid CONSTRAINT holds_pkey PRIMARY KEY,
    unit_code     text NOT NULL,
    reason        text NOT NULL CONSTRAINT holds_reason_known CHECK (reason IN
                  ('phone', 'address', 'code', 'unit', 'burst', 'closed', 'pace')),
    received_at   timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    body          jsonb NOT NULL,
    added         jsonb[] NOT NULL DEFAULT '{}',
    recused       text[] NOT NULL,
    state         text NOT NULL DEFAULT 'held' CONSTRAINT holds_state_known
                  CHECK (state IN ('held', 'released', 'set_aside')),
    number        int NOT NULL DEFAULT 0,
    CONSTRAINT holds_decided CHECK ((state = 'held') = (number = 0))
);
CREATE INDEX holds_waiting ON holds (state, due_at, submission_id);
CREATE TABLE hold_decisions (
    submission_id uuid NOT NULL CONSTRAINT hold_decisions_submission_id_fkey REFERENCES holds,
    number        int NOT NULL,
    outcome       text NOT NULL CONSTRAINT hold_decisions_outcome_known
                  CHECK (outcome IN ('released', 'set_aside')),
    username      text NOT NULL,
    reason_sealed text NOT NULL,
    decided_at    timestamptz NOT NULL,
    CONSTRAINT hold_decisions_pkey PRIMARY KEY (submission_id, number)
);
REVOKE UPDATE, DELETE, TRUNCATE ON hold_decisions FROM mashang_verification;
CREATE TRIGGER hold_decisions_append_only BEFORE UPDATE OR DELETE ON hold_decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
# Where cases of a day are compared, to find those that are about one event.
DAYS = "CREATE INDEX cases_of_day ON cases (unit_code, received_at)"
SEEN = r"""unit_code IN (SELECT unit_code FROM units)
    AND NOT recused && string_to_array(mashang_badge(), E'\x1f')"""
OF_A_HOLD = "EXISTS (SELECT FROM holds h WHERE h.submission_id = hold_decisions.submission_id)"


def upgrade() -> None:
    """Nothing of before is held."""
    run_script(HOLDS)
    run_script(DAYS)
    secure("holds", SEEN)
    secure("hold_decisions", OF_A_HOLD)
