"""Phones that citizens bound after sending, and verdicts whose reward lacks nothing but a phone."""

from shared.migrate import run_script

revision = "rewards_0009"
down_revision = "rewards_0008"
branch_labels = None
depends_on = None

CONTACTS = """
CREATE TABLE contacts (
    submission_id uuid CONSTRAINT contacts_pkey PRIMARY KEY,
    phone_sealed  text NOT NULL,
    phone_index   text NOT NULL,
    bound_at      timestamptz NOT NULL
)
"""
# `waiting` is the newest verdict as it was told, for as long as only the phone is missing.
VERDICTS = """
ALTER TABLE verdicts ADD COLUMN submission_id uuid, ADD COLUMN waiting jsonb,
    ADD CONSTRAINT verdicts_waiting CHECK (waiting IS NULL OR submission_id IS NOT NULL);
CREATE INDEX verdicts_waiting_key ON verdicts (submission_id) WHERE waiting IS NOT NULL
"""


def upgrade() -> None:
    """Verdicts of before wait for nothing: that they lacked a phone is not known here."""
    run_script(CONTACTS)
    run_script(VERDICTS)
