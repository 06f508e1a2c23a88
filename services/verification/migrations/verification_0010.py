"""Citizens answer back: a phone bound later, withdrawal, two questions, follow-up.

And reports of pressure: cases of their own, which nobody at the unit itself ever sees.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

# `about` is the submission over which somebody is pressed; `decided_*` is who had the last word
# before the case was opened again; `withdrawal` and `rating` count what the citizen said of each.
CASES = """
ALTER TABLE cases DROP CONSTRAINT cases_kind_known;
ALTER TABLE cases ADD CONSTRAINT cases_kind_known
        CHECK (kind IN ('rating', 'complaint', 'request', 'pressure')),
    ADD COLUMN about uuid, ADD COLUMN reschedules int NOT NULL DEFAULT 0,
    ADD COLUMN reopened_at timestamptz, ADD COLUMN decided_by text, ADD COLUMN decided_role text,
    ADD COLUMN withdrawal int NOT NULL DEFAULT 0, ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN rating int NOT NULL DEFAULT 0, ADD COLUMN solved boolean,
    ADD COLUMN satisfied boolean,
    ADD CONSTRAINT cases_about CHECK ((kind = 'pressure') = (about IS NOT NULL)),
    ADD CONSTRAINT cases_reopened CHECK (reopened_at IS NULL OR decided_role IS NOT NULL);
CREATE INDEX cases_about_key ON cases (about) WHERE about IS NOT NULL;
DROP POLICY cases_seen ON cases
"""

ME = r"string_to_array(mashang_badge(), E'\x1f')"
BELOW = "unit_code IN (SELECT unit_code FROM units)"
EXAMINED = "greatest(examined, 0) >= (SELECT mashang_known())"
ABOVE = "(kind <> 'pressure' OR unit_code <> mashang_scope())"


def upgrade() -> None:
    """Cases of before have none of it."""
    run_script(CASES)
    secure("cases", f"{BELOW} AND NOT recused && {ME} AND {EXAMINED} AND {ABOVE}")
