"""Leadership's month by days and units: what became of the complaints of each day, as it stands.

A day is counted anew whenever something of it changes, however late; days of before are counted by
the job, the newest first, and until then a month is counted from its complaints.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

NAMES = (
    "complaints", "called_back", "called_back_in_time", "called_back_same_day", "verified",
    "verified_in_time", "verified_same_day", "substantiated", "asked", "not_solved",
    "asked_by_sms", "answered_of_asked", "rewards", "rewards_fen", "called_told",
    "called_rule_told", "rewards_told",
)  # fmt: skip
# Days that began at `since` or later are counted.
DAYS = f"""
CREATE TABLE figure_days (
    day       date NOT NULL,
    unit_code text NOT NULL,
    {", ".join(f"{name} bigint NOT NULL" for name in NAMES)},
    CONSTRAINT figure_days_pkey PRIMARY KEY (day, unit_code)
) WITH (fillfactor = 85);
ALTER TABLE figure_progress ADD COLUMN since timestamptz NOT NULL DEFAULT 'infinity';
CREATE INDEX submissions_of_day ON submissions (unit_code, received_at) WHERE kind = 'complaint';
CREATE TRIGGER holds_figures_of_submission AFTER INSERT OR UPDATE ON holds
    FOR EACH ROW EXECUTE FUNCTION note_figures_of_submission()
"""


def upgrade() -> None:
    """Visible where its unit is."""
    run_script(DAYS)
    secure("figure_days", "unit_code IN (SELECT unit_code FROM units)")
