"""Which complaints stand behind each figure of a month, by the time of receipt.

A case has a row once its verdict is told here; whatever changes a figure's day has the rows of the
same cases written anew. Cases of before are written by the job, the newest day first, and until
then a list is made from the complaints.
"""

from shared.migrate import numbered, run_script, secure

revision, down_revision = numbered(__file__)

FIGURES = (
    "called", "called_rule", "verified_day", "verified_rule", "true", "rewards", "unsolved",
    "answered",
)  # fmt: skip
# `unit_code` is that of the verdict, `came_to` that of the complaint. Days of before `listed` are
# not written yet.
CASES = f"""
CREATE TABLE figure_cases (
    case_id     uuid CONSTRAINT figure_cases_pkey PRIMARY KEY,
    received_at timestamptz NOT NULL,
    unit_code   text NOT NULL,
    came_to     text NOT NULL,
    {", ".join(f"is_{name} boolean NOT NULL" for name in FIGURES)}
);
CREATE INDEX figure_cases_all ON figure_cases (received_at, case_id) INCLUDE (unit_code, came_to);
ALTER TABLE figure_progress ADD COLUMN listed timestamptz NOT NULL DEFAULT 'infinity'
"""
INDEX = """
CREATE INDEX figure_cases_{name} ON figure_cases (received_at, case_id)
    INCLUDE (unit_code, came_to) WHERE is_{name}
"""


def upgrade() -> None:
    """Visible where both units are."""
    run_script(CASES)
    for name in FIGURES:
        run_script(INDEX.format(name=name))
    secure(
        "figure_cases",
        "unit_code IN (SELECT unit_code FROM units) AND came_to IN (SELECT unit_code FROM units)",
    )
