"""Templates of answers: the city's, for everybody who answers citizens; nothing personal."""

from shared.migrate import numbered, run_script

revision, down_revision = numbered(__file__)

TEMPLATES = """
CREATE TABLE answer_templates (
    template_id uuid CONSTRAINT answer_templates_pkey PRIMARY KEY,
    title       text NOT NULL,
    category    text,
    body        text NOT NULL,
    active      boolean NOT NULL,
    version     int NOT NULL,
    changed_by  text NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT mashang_now()
)
"""


def upgrade() -> None:
    """None to begin with."""
    run_script(TEMPLATES)
