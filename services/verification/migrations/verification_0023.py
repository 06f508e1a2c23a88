"""Praise that names nobody from the window's list: who said whom it means, and when.

What the citizen chose stays as it is; the newest word on the rest stands beside it.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# No badge takes the word before back.
ATTRIBUTIONS = """
ALTER TABLE commendations ADD COLUMN attributed_badge text,
    ADD CONSTRAINT commendations_attributed
        CHECK (officer_badge IS NULL OR attributed_badge IS NULL);
CREATE INDEX commendations_attributed_badge ON commendations (attributed_badge, commendation_id)
    WHERE attributed_badge IS NOT NULL;
CREATE TABLE attributions (
    commendation_id uuid NOT NULL
        CONSTRAINT attributions_commendation_fkey REFERENCES commendations,
    number          int NOT NULL,
    badge           text,
    username        text NOT NULL,
    attributed_at   timestamptz NOT NULL,
    CONSTRAINT attributions_pkey PRIMARY KEY (commendation_id, number)
);
REVOKE UPDATE, DELETE, TRUNCATE ON attributions FROM mashang_verification;
CREATE TRIGGER attributions_append_only BEFORE UPDATE OR DELETE ON attributions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP POLICY commendations_seen ON commendations
"""
BELOW = "unit_code IN (SELECT unit_code FROM units)"
OWN = r"ANY(string_to_array(mashang_badge(), E'\x1f'))"
SEEN = "EXISTS (SELECT FROM commendations c WHERE c.commendation_id = attributions.commendation_id)"


def upgrade() -> None:
    """Whom it is said to mean reads it as if the citizen had chosen them."""
    run_script(ATTRIBUTIONS)
    secure("commendations", f"{BELOW} OR officer_badge = {OWN} OR attributed_badge = {OWN}")
    secure("attributions", SEEN)
